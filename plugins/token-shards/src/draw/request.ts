export interface DrawRequest {
  seed: bigint;
  /** Sequences to draw. */
  count: number;
  /** Tokens of a sequence. */
  sequence: number;
  /** Tokens of a record of a manifest that does not say. */
  base: number;
  /** Sequences with an id at or beyond it are dropped; 0 drops none. */
  vocabulary: number;
  /** Shards of a source over which its part is spread; 0 stands for all. */
  shardsPerSource: number;
}
