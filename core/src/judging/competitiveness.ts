import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { Claim } from './win.js';

export interface Contestant extends Claim {
  uid: number;
}

/**
 * Who could still win once every epsilon has decayed: better than each earlier model by the final epsilon. Among models
 * of one block, Assay's own rule: only the first by (loss, uid), with no epsilon between them (in the reference they
 * eliminate each other). Keeps the given order.
 */
export function competitive<T extends Contestant>(contestants: readonly T[], epsilon: EpsilonFunction): T[] {
  return contestants.filter((one) => contestants.every((other) => other === one || withstands(one, other, epsilon)));
}

function withstands(one: Contestant, other: Contestant, epsilon: EpsilonFunction): boolean {
  if (other.block > one.block) return true;
  if (other.block === one.block) return one.loss < other.loss || (one.loss === other.loss && one.uid < other.uid);
  return one.loss < other.loss * (1 - epsilon.fullyDecayed);
}
