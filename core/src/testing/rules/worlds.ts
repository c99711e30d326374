import { finiteScore, type FiniteScore } from '../../contracts/brands.js';
import type { MatchContext, ScoredContender } from '../../contracts/match-rule.js';
import type { ModelReference } from '../../contracts/model.js';
import type { Seat } from '../../contracts/standing-rule.js';
import { linearDecay } from '../../rules/epsilon/linear-decay.js';
import { PythonRandom } from '../../sampling/python-random.js';

/** "Now" of made-up rounds. */
export const NOW = 5_000_000;
const SAMPLES = 200;

export const seatsOf = (count: number): Seat[] =>
  Array.from({ length: count }, (_none, uid) => ({ uid, hotkey: `hotkey-${uid}` }));

const scoreOf = (value: number): FiniteScore => {
  const score = finiteScore(value);
  if (score === undefined) throw new RangeError(`${value} is no score`);
  return score;
};

/** A contender whose losses scatter around its score; the same for the same score and samples. */
export function contender(uid: number, score: number, ageBlocks: number): ScoredContender {
  const random = new PythonRandom(7n);
  const noise = Array.from({ length: SAMPLES }, () => (random.random() - 0.5) * 0.2);
  const mean = noise.reduce((sum, value) => sum + value, 0) / SAMPLES;
  const losses = noise.map((value) => score + value - mean);
  const half = SAMPLES / 2;
  return {
    uid,
    hotkey: `hotkey-${uid}`,
    block: NOW - ageBlocks,
    score: scoreOf(score),
    tasks: [
      { name: 'one', weight: 0.5, losses: losses.slice(0, half) },
      { name: 'two', weight: 0.5, losses: losses.slice(half) },
    ],
  };
}

export const referenceOf = (uid: number): ModelReference => ({
  namespace: 'miner',
  name: `model-${uid}`,
  revision: String(uid).padStart(40, '0'),
});

export const context = (incumbents: readonly string[] = []): MatchContext => ({
  epsilon: linearDecay.bind({ start: 0.005, end: 0.0005, blocks: 7200 }),
  block: NOW,
  incumbents,
  drawn: ['one', 'two'].map((task) => ({ task, samples: SAMPLES / 2 })),
  repetition: 1,
  random: (label) => new PythonRandom(BigInt(`0x${Buffer.from(label || '-', 'utf8').toString('hex')}`)),
});

/** The same contenders with one task, as rounds have that end early, and what was drawn for it. */
export function asOneTask(
  contenders: readonly ScoredContender[],
): readonly [contenders: ScoredContender[], drawn: MatchContext['drawn']] {
  const whole = contenders.map((one) => {
    const losses = one.tasks.flatMap((task) => task.losses);
    return { ...one, tasks: [{ name: 'one', weight: 1, losses }] };
  });
  return [whole, [{ task: 'one', samples: SAMPLES }]];
}

/** Contenders with the losses of their first samples. */
export const partOf = (contenders: readonly ScoredContender[], samples: number): ScoredContender[] =>
  contenders.map((one) => ({
    ...one,
    tasks: one.tasks.map((task) => ({ ...task, losses: task.losses.slice(0, samples) })),
  }));

/** Rounds that any match rule has to get through: one alone, two of a block, copies, many. */
export const FIELDS: readonly (readonly [name: string, contenders: readonly ScoredContender[]])[] = [
  ['one contender', [contender(3, 2.5, 100)]],
  ['two of one block', [contender(1, 2.5, 50), contender(2, 2.4, 50)]],
  ['a copy of an earlier model', [contender(1, 2.5, 900), contender(2, 2.5, 10)]],
  ['a much better later model', [contender(1, 2.5, 900), contender(2, 1.9, 10)]],
  ['a worse later model', [contender(1, 2.5, 900), contender(2, 3.1, 10)]],
  [
    'ten of them',
    Array.from({ length: 10 }, (_none, index) => contender(index, 3 - ((index * 7) % 10) * 0.03, 9000 - index * 800)),
  ],
];
