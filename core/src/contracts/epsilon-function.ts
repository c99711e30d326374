import type { Rule } from './rule.js';

/** How much better a later model must be than an earlier one, as a share of the earlier one's loss. */
export interface EpsilonFunction {
  /**
   * @param currentBlock block at which the round was planned
   * @param modelBlock block of the earlier model's claim
   * @returns epsilon in [0, 1)
   */
  compute(currentBlock: number, modelBlock: number): number;
  /** Epsilon once the decay is complete: what any model must be beaten by in the end. */
  readonly fullyDecayed: number;
}

export type EpsilonDefinition<Parameters = unknown> = Rule<EpsilonFunction, Parameters>;
