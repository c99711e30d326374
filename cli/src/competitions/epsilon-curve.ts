import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';

/** An epsilon function as a drawing has it. */
export interface EpsilonCurve {
  /** Blocks since the claim after which it no longer changes, or after which 99 % of the decay is over; 0: it never changes. */
  decayBlocks: number;
  /** From the claim to somewhat beyond the end of the decay. */
  points: { blocks: number; epsilon: number }[];
}

const POINTS = 24;
/** More blocks than a chain of today has. */
const LONGEST = 1e9;

export function epsilonCurve(epsilon: EpsilonFunction): EpsilonCurve {
  const decayBlocks = decayOf(epsilon);
  const points = Array.from({ length: POINTS }, (_none, index) => {
    const blocks = Math.round((index * Math.max(decayBlocks, 1) * 1.25) / (POINTS - 1));
    return { blocks, epsilon: epsilon.compute(blocks, 0) };
  });
  return { decayBlocks, points };
}

function decayOf(epsilon: EpsilonFunction): number {
  const range = epsilon.compute(0, 0) - epsilon.fullyDecayed;
  if (range <= 0) return 0;
  const nearly = firstAge(epsilon, range / 100);
  const complete = firstAge(epsilon, range * 1e-12);
  return complete <= nearly * 1.1 ? complete : nearly;
}

/** The lowest age at which it is within `distance` of its end; it never grows, so the search may halve. */
function firstAge(epsilon: EpsilonFunction, distance: number): number {
  let [low, high] = [0, LONGEST];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (epsilon.compute(middle, 0) - epsilon.fullyDecayed <= distance) high = middle;
    else low = middle + 1;
  }
  return low;
}
