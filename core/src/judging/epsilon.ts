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

/**
 * The function that a description in a competition or in the journal stands for.
 * @throws EPSILON_UNKNOWN, EPSILON_OUT_OF_RANGE
 */
export function epsilonFromDescription(description: EpsilonDescription): EpsilonFunction {
  const { type } = description;
  const parameter = (key: string, within: (value: number) => boolean): number => {
    const value: unknown = Reflect.get(description, key);
    if (typeof value !== 'number') throw judgingErrors.EPSILON_UNKNOWN({ type: `${type} without ${key}` });
    if (!within(value)) throw judgingErrors.EPSILON_OUT_OF_RANGE({ parameter: key, value });
    return value;
  };
  const isShare = (value: number): boolean => value >= 0 && value < 1;
  if (type === 'fixed') return fixedEpsilon(parameter('epsilon', isShare));
  if (type !== 'linear-decay') throw judgingErrors.EPSILON_UNKNOWN({ type });
  const start = parameter('start', isShare);
  return linearDecay({
    start,
    end: parameter('end', (value) => isShare(value) && value <= start),
    blocks: parameter('blocks', (value) => Number.isFinite(value) && value > 0),
  });
}
