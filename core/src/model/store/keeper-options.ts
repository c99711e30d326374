const MIB = 1024 ** 2;

export interface KeeperOptions {
  /** Absolute. */
  directory: string;
  /** Tells validators that share a folder apart: what each keeps is noted under this name. Letters and digits. */
  validator: string;
  /** Bytes that the folder may hold. */
  maxBytes: number;
  /** Bytes of the disk that are left free. */
  minFreeBytes: number;
  /** Files that are under way at a time, of all models together. */
  filesAtOnce: number;
  /** Requests that are under way at a time, of all files together. */
  rangesAtOnce: number;
  /** Longest part of a file that one request asks for. */
  rangeBytes: number;
  /** Cap on what all transfers together receive. */
  bytesPerSecond: number | undefined;
  /** Failures in a row after which a transfer ends; what has come is kept for the next one. */
  attempts: number;
  /** First pause after a failure, and the longest. */
  pauseMs: number;
  longestPauseMs: number;
}

/** Of a keeper that is made without a config: bounded by the disk alone. */
export const keeperDefaults: Omit<KeeperOptions, 'directory'> = {
  validator: 'default',
  maxBytes: Number.POSITIVE_INFINITY,
  minFreeBytes: 0,
  filesAtOnce: 4,
  rangesAtOnce: 8,
  rangeBytes: 64 * MIB,
  bytesPerSecond: undefined,
  attempts: 8,
  pauseMs: 1000,
  longestPauseMs: 60_000,
};
