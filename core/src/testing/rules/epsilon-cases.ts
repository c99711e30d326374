import type { EpsilonFunction } from '../../contracts/epsilon-function.js';
import { demand } from '../checks.js';

type Case = (epsilon: EpsilonFunction) => void;

/** Ages in blocks up to a year and beyond: 7,200 blocks are a day. */
const AGES = [...new Set([0, ...Array.from({ length: 400 }, (_none, index) => Math.round(1.05 ** index))])];

/** What every epsilon function has to do. */
export const EPSILON_CASES: Readonly<Record<string, Case>> = {
  'stays in [0, 1)': (epsilon) => {
    const wrong = AGES.map((age) => epsilon.compute(age, 0)).find((value) => !(value >= 0 && value < 1));
    demand(wrong === undefined, `it is ${wrong ?? ''} somewhere`);
    demand(epsilon.fullyDecayed >= 0 && epsilon.fullyDecayed < 1, `it ends at ${epsilon.fullyDecayed}`);
  },
  'never grows with the age of a claim': (epsilon) => {
    const values = AGES.map((age) => epsilon.compute(age, 0));
    demand(
      values.every((value, index) => value <= (values[index - 1] ?? 1)),
      'it grows',
    );
  },
  'ends where it says': (epsilon) => {
    const last = epsilon.compute(1e15, 0);
    demand(Math.abs(last - epsilon.fullyDecayed) < 1e-9, `it ends at ${last} and says ${epsilon.fullyDecayed}`);
  },
  'looks at the age alone': (epsilon) => {
    const differs = AGES.find((age) => age < 1e6 && epsilon.compute(9e6 + age, 9e6) !== epsilon.compute(age, 0));
    demand(differs === undefined, `it depends on the block at an age of ${differs ?? ''}`);
  },
  'takes a claim of a later block for a new one': (epsilon) => {
    demand(epsilon.compute(10, 500) === epsilon.compute(0, 0), 'a claim that is younger than now has another epsilon');
  },
};
