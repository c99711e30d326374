import type { EpsilonDescription, EpsilonFunction } from '../contracts/epsilon-function.js';
import { judgingErrors } from './errors.js';

/** The same advantage for ever. */
export function fixedEpsilon(epsilon: number): EpsilonFunction {
  return {
    compute: () => epsilon,
    fullyDecayed: epsilon,
    describe: () => ({ type: 'fixed', epsilon }),
  };
}

/**
 * start - min(max(now - block, 0) / blocks, 1) * (start - end), in doubles and in this order of operations
 * (taoverse LinearDecay).
 */
export function linearDecay(parameters: { start: number; end: number; blocks: number }): EpsilonFunction {
  const { start, end, blocks } = parameters;
  const compute = (currentBlock: number, modelBlock: number): number => {
    const elapsed = Math.max(currentBlock - modelBlock, 0);
    return start - Math.min(elapsed / blocks, 1) * (start - end);
  };
  return {
    compute,
    fullyDecayed: compute(Number.POSITIVE_INFINITY, 0),
    describe: () => ({ type: 'linear-decay', start, end, blocks }),
  };
}

export function epsilonFromDescription(description: EpsilonDescription): EpsilonFunction {
  const { type } = description;
  const number = (key: string): number => {
    const value: unknown = Reflect.get(description, key);
    if (typeof value !== 'number') throw judgingErrors.EPSILON_UNKNOWN({ type: `${type} without ${key}` });
    return value;
  };
  if (type === 'fixed') return fixedEpsilon(number('epsilon'));
  if (type === 'linear-decay') return linearDecay({ start: number('start'), end: number('end'), blocks: number('blocks') });
  throw judgingErrors.EPSILON_UNKNOWN({ type });
}
