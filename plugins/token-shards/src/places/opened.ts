/** Bytes of a place that are still to be read. */
export interface OpenedBytes {
  /** Of the first byte; what was asked for, or 0 where the whole is sent in place of a part. */
  start: number;
  /** The byte after the last; undefined where the whole comes without its length. */
  end: number | undefined;
  /** Bytes of the whole; undefined as `end` is. */
  size: number | undefined;
  /** Changes when the content does, as far as the server says; empty where it says nothing. */
  version: string;
  bytes: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface BytePart {
  start: number;
  end: number;
  /** Left out where it is not known yet. */
  size?: number;
}
