import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import { fixedEpsilon, linearDecay } from '../../pretraining.js';
import { closeDouble, fields, Mismatch, number, show, units, type Kind } from '../unit.js';

export function epsilonOf(value: unknown): EpsilonFunction {
  const given = fields(value);
  if (given['type'] === 'FixedEpsilon') return fixedEpsilon(number(given['epsilon']));
  if (given['type'] === 'LinearDecay') {
    return linearDecay({
      start: number(given['start']),
      end: number(given['end']),
      blocks: number(given['decay_blocks']),
    });
  }
  throw new Mismatch(`unknown epsilon ${show(given)}`);
}

export const epsilon: Kind = (content) =>
  units(content, 'cases', (given) => {
    const result = epsilonOf(given['epsilon']).compute(number(given['current_block']), number(given['model_block']));
    closeDouble('result', result, given['result']);
    return 'reference';
  });
