import { NumpyGenerator } from '@assay/lib-numpy-random';
import { bigint, equal, fields, list, Mismatch, number, units, type Fields, type Kind } from '../unit.js';

export const numpyRandom: Kind = (content) =>
  units(content, 'cases', (given) => {
    const stream = new NumpyGenerator(bigint(given['seed']));
    for (const [step, op] of list(given['ops']).entries()) play(stream, fields(op), `ops[${step}]`);
    return 'reference';
  });

function play(stream: NumpyGenerator, op: Fields, where: string): void {
  const what = `${where} ${String(op['op'])}`;
  switch (op['op']) {
    case 'integers':
      equal(what, stream.integers(bigint(op['high']), number(op['size'])), list(op['out']).map(bigint));
      break;
    case 'shuffle': {
      const items = Uint32Array.from({ length: number(op['n']) }, (_none, index) => index);
      stream.shuffle(items);
      equal(what, [...items], op['out']);
      break;
    }
    case 'choice':
      equal(what, [...stream.choice(number(op['n']), number(op['limit']))], op['out']);
      break;
    default:
      throw new Mismatch(`${what}: no such operation here`);
  }
}
