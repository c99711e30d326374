import { PythonRandom } from '@assay/core/sampling/python-random';
import { shuffleAndTruncate } from '@assay/core/sampling/packing';
import { bigint, equal, fields, list, Mismatch, number, units, type Fields, type Kind } from '../unit.js';

const range = (length: number): number[] => Array.from({ length }, (_none, index) => index);

export const random: Kind = (content) =>
  units(content, 'cases', (given) => {
    const seed = bigint(given['seed']);
    const stream = new PythonRandom(seed);
    for (const [step, op] of list(given['ops']).entries()) play(stream, fields(op), `ops[${step}]`);
    for (const [n, expected] of Object.entries(fields(given['fresh_Random_shuffle']))) {
      equal(`fresh shuffle of ${n}`, shuffleAndTruncate(range(Number(n)), seed, Number.POSITIVE_INFINITY), expected);
    }
    return 'reference';
  });

function play(stream: PythonRandom, op: Fields, where: string): void {
  const what = `${where} ${String(op['op'])}`;
  switch (op['op']) {
    case 'random':
      equal(what, stream.random(), op['result']);
      break;
    case 'randint':
      equal(what, stream.randintBig(bigint(op['a']), bigint(op['b'])), bigint(op['result']));
      break;
    case 'getrandbits':
      equal(what, stream.getrandbits(number(op['k'])), bigint(op['result']));
      break;
    case 'choice':
      equal(what, stream.choice(range(number(op['n']))), op['result']);
      break;
    case 'shuffle': {
      const items = range(number(op['n']));
      stream.shuffle(items);
      equal(what, items, op['result']);
      break;
    }
    case 'skip_random':
      for (let count = number(op['count']); count > 0; count -= 1) stream.random();
      break;
    default:
      throw new Mismatch(`${what}: no such operation here`);
  }
}
