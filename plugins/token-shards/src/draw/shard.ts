import type { NpyHeader } from '../npy/header.js';

/** A run of tokens, counted from the start of the data. */
export interface Span {
  at: number;
  tokens: number;
}

/** A shard whose header has been read. */
export interface OpenShard {
  header: NpyHeader;
  /**
   * Tokens of each sequence, which is joined of its spans.
   * @throws SHARD_CHANGED where the shard is no longer the one that was opened
   */
  read(sequences: readonly (readonly Span[])[], signal: AbortSignal): Promise<Uint32Array[]>;
  close(): Promise<void>;
}

/** A shard as its manifest names it. */
export interface Shard {
  /** For people, and for the record; without a secret. */
  name: string;
  /** Tokens of a record; the base length where the manifest does not say. */
  record?: number | undefined;
  /** @throws SHARD_MISSING, SHARD_MALFORMED, SHARD_TOO_LARGE, SHARD_DAMAGED, errors of the source */
  open(signal: AbortSignal): Promise<OpenShard>;
}

export interface Source {
  /** It seeds what is drawn. */
  name: string;
  weight?: number | undefined;
  /** In the order of the manifest. */
  shards: readonly Shard[];
}
