/** How much better a later model must be than an earlier one, as a share of the earlier one's loss. */
export interface EpsilonFunction {
  /**
   * @param currentBlock block at which the round was planned
   * @param modelBlock block of the earlier model's commitment
   * @returns epsilon in [0, 1)
   */
  compute(currentBlock: number, modelBlock: number): number;
  /** Epsilon once the decay is complete: what any model must be beaten by in the end. */
  readonly fullyDecayed: number;
  /** Plain data that rebuilds the function, for the journal and for `validator competitions`. */
  describe(): EpsilonDescription;
}

export type EpsilonDescription =
  | { type: 'fixed'; epsilon: number }
  | { type: 'linear-decay'; start: number; end: number; blocks: number }
  | { type: string; [parameter: string]: unknown };

export const EPSILON_FUNCTION = Symbol.for('assay.EpsilonFunction');
