/** A round, as far as a seed may depend on it. */
export interface SeededRound {
  /** Block at which the round is planned. */
  block: number;
  /** Who plays, in order of block, then uid; `block` is that of the claim. */
  contenders: readonly { hotkey: string; block: number }[];
  /** Hotkeys of the defenders, then those that hold weight, the first of them first. */
  incumbents: readonly string[];
  /** Counts the rounds that these contenders play against each other in a row: 1 for the first. */
  repetition: number;
}

/** What the samples of a round are drawn from: equal for every validator, and known to no miner before the claim. */
export interface SeedRule {
  /** Block whose hash goes into the seed: at most the round's. */
  blockOf(round: SeededRound): number;
  /**
   * @param blockHash of that block: 0x and 64 hex digits
   * @returns a seed for CPython's generator, from 0
   */
  seedOf(blockHash: string, round: SeededRound): bigint;
}
