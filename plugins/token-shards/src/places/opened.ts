/** Bytes of a place that are still to be read. */
export interface OpenedBytes {
  /** Of the first byte; what was asked for, or 0 where the whole is sent in place of a part. */
  start: number;
  /** The byte after the last. */
  end: number;
  /** Bytes of the whole. */
  size: number;
  /** Changes when the content does, as far as the server says. */
  version: string;
  bytes: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface BytePart {
  start: number;
  end: number;
  /** Left out where nobody has said it yet. */
  size?: number;
}
