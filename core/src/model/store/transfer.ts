import type { Clock } from '../../contracts/clock.js';
import type { ByteRange, ModelSource, OpenedFile } from '../../contracts/model-store.js';
import type { ModelReference, RepoFile } from '../../contracts/model.js';
import { monotonicMs } from '../../contracts/clock.js';
import { isAssayError } from '../../errors/assay-error.js';
import { storeErrors } from '../errors.js';
import type { ByteRate } from './byte-rate.js';
import { openedBySource } from './disk-guard.js';
import type { Digests, Following, Hasher } from './hasher.js';
import { gapsIn, type Interval } from './intervals.js';
import type { PartialFile } from './partial-file.js';
import { untilAborted } from '../../runtime/until-aborted.js';

/** Runs work when a place is free, e.g. of p-limit. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

interface TransferOptions {
  /** Longest part that one request asks for. */
  rangeBytes: number;
  /** Parts of one file that are under way at a time, places permitting. */
  rangesAtOnce: number;
  /** Failures in a row, of one part, after which the transfer ends. */
  attempts: number;
  /** First pause after a failure; it doubles up to the longest. */
  pauseMs: number;
  longestPauseMs: number;
}

export interface TransferDeps {
  source: ModelSource;
  hasher: Hasher;
  rate: ByteRate;
  clock: Clock;
  /** Places for requests of all transfers. */
  ranges: Limit;
  /** Rejects where the disk has no room left for what is coming. */
  requireRoom: () => Promise<void>;
}

/** So much is collected before it is written, or so much time. */
const WRITE_BYTES = 1024 * 1024;
const WRITE_EVERY_MS = 250;
/** A part that failed has to come further by so much for its failures to be forgotten. */
const PROGRESS_BYTES = 1024 * 1024;
/** Shorter parts cost more in requests than they bring. */
const SHORTEST_PART_BYTES = 4 * 1024 * 1024;
const ROOM_CHECK_BYTES = 64 * 1024 * 1024;

/** The source answers with whole files only: one part at a time, from the start. */
class WholeFilesOnly extends Error {}

/** One file on its way from a source into a partial file: in parts, resumed where it was cut, hashed as it comes. */
export class Transfer {
  #following: Following | undefined;
  #whole = false;
  #unchecked = 0;

  /** @param onBytes told what has come; fewer than none where it is thrown away */
  constructor(
    private readonly what: { reference: ModelReference; file: RepoFile; partial: PartialFile },
    private readonly options: TransferOptions,
    private readonly deps: TransferDeps,
    private readonly onBytes: (bytes: number) => void,
  ) {}

  /**
   * Receives what is missing and checks the whole against what the source states. What is wrong is thrown away and fetched
   * once more.
   * @throws FILE_CONTENT_DIFFERS, FILE_CHANGED, SOURCE_UNREACHABLE after as many failures in a row as `attempts` says, STORE_FULL
   */
  async run(signal: AbortSignal): Promise<Digests> {
    const { partial } = this.what;
    this.onBytes(partial.bytes);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#receiveAndHash(signal);
      } catch (error) {
        if (!isWrongContent(error)) throw error;
        this.onBytes(-partial.bytes);
        await partial.reset();
        if (tries === 2) throw error;
      }
    }
  }

  async #receiveAndHash(signal: AbortSignal): Promise<Digests> {
    const { file, partial } = this.what;
    const following = this.deps.hasher.follow(partial.path, file.size, { withGitOid: file.gitOid !== undefined });
    this.#following = following;
    try {
      following.upTo(partial.unbroken);
      await this.#receive(signal);
      const digests = await untilAborted(following.digests, signal);
      requireStated(file, digests);
      return digests;
    } finally {
      following.drop();
    }
  }

  async #receive(signal: AbortSignal): Promise<void> {
    const { partial, file } = this.what;
    try {
      await this.#receiveParts(
        gapsIn(partial.done, file.size, (left) => this.#partLength(left)),
        signal,
      );
    } catch (error) {
      if (!(error instanceof WholeFilesOnly)) throw error;
      this.#whole = true;
      await this.#receiveParts(
        gapsIn(partial.done, file.size, () => file.size),
        signal,
      );
    }
  }

  /**
   * Parts become shorter towards the end of a file: several long ones would end at the same time, and the hash, which goes
   * from front to back, would still have all of them before it.
   */
  #partLength(left: number): number {
    const { rangeBytes, rangesAtOnce } = this.options;
    return Math.min(rangeBytes, Math.max(SHORTEST_PART_BYTES, Math.ceil(left / (2 * rangesAtOnce))));
  }

  /** All parts, several at a time. When one fails for good the others end, and none writes any more afterwards. */
  async #receiveParts(parts: Interval[], signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const inner = AbortSignal.any([signal, failed.signal]);
    let failure: { error: unknown } | undefined;
    const lane = async (): Promise<void> => {
      for (let part = parts.shift(); part; part = parts.shift()) {
        const [start, end] = part;
        await this.deps.ranges(() => this.#receivePart({ start, end }, inner));
      }
    };
    const lanes = this.#whole ? 1 : Math.min(parts.length, this.options.rangesAtOnce);
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        try {
          await lane();
        } catch (error) {
          failure ??= { error };
          parts.length = 0;
          failed.abort();
        }
      }),
    );
    signal.throwIfAborted();
    if (failure) throw failure.error;
  }

  async #receivePart({ start, end }: ByteRange, signal: AbortSignal): Promise<void> {
    const { attempts, pauseMs, longestPauseMs } = this.options;
    let at = start;
    let failures = 0;
    let firstFailedAt = start;
    while (at < end) {
      signal.throwIfAborted();
      try {
        await this.#request({ start: at, end }, signal, (bytes) => {
          at += bytes;
        });
      } catch (error) {
        if (signal.aborted || !isWorthAnotherTry(error)) throw error;
        if (at - firstFailedAt >= PROGRESS_BYTES) failures = 0;
        if (failures === 0) firstFailedAt = at;
        failures += 1;
        if (failures >= attempts) throw error;
        await this.deps.clock.sleep(pauseAfter(error, failures, pauseMs, longestPauseMs), signal);
      }
    }
  }

  /** One request, written as it comes. What has come of an answer that breaks off is kept. */
  async #request(range: ByteRange, signal: AbortSignal, onWritten: (bytes: number) => void): Promise<void> {
    const { reference, file, partial } = this.what;
    const { source, clock } = this.deps;
    const opened = await openedBySource(file.path, () => source.open(reference, file, range, signal), signal);
    this.#requireVersion(opened);
    if (opened.start > range.start) throw unusable(file, `it begins at byte ${opened.start} and not at ${range.start}`);
    if (opened.start < range.start && !this.#whole) throw new WholeFilesOnly();
    let skip = range.start - opened.start;
    let at = range.start;
    let chunks: Uint8Array[] = [];
    let collected = 0;
    let received = 0;
    let writtenAt = monotonicMs(clock);
    const write = async (): Promise<void> => {
      const [now, bytes] = [chunks, collected];
      [chunks, collected] = [[], 0];
      writtenAt = monotonicMs(clock);
      if (bytes === 0) return;
      await partial.write(now, at);
      at += bytes;
      onWritten(bytes);
      this.onBytes(bytes);
      this.#following?.upTo(partial.unbroken);
      await this.#checkRoom(bytes);
    };
    try {
      for await (const bytes of opened.bytes) {
        signal.throwIfAborted();
        received += bytes.length;
        const chunk = bytes.subarray(Math.min(skip, bytes.length), skip + range.end - at - collected);
        skip -= Math.min(skip, bytes.length);
        await this.deps.rate.take(bytes.length, signal);
        chunks.push(chunk);
        collected += chunk.length;
        if (collected >= WRITE_BYTES || monotonicMs(clock) - writtenAt >= WRITE_EVERY_MS) await write();
        if (at + collected >= range.end) break;
      }
    } finally {
      await write();
    }
    const { path, size } = file;
    if (opened.start + received > size)
      throw storeErrors.FILE_SIZE_DIFFERS({ path, expected: size, received: opened.start + received });
    if (at === range.end) return;
    // An answer that has nothing to say says that the file ends here.
    if (received === 0) throw storeErrors.FILE_SIZE_DIFFERS({ path, expected: size, received: at });
    throw storeErrors.SOURCE_UNREACHABLE({ what: path, reason: 'the answer ended early' });
  }

  async #checkRoom(bytes: number): Promise<void> {
    this.#unchecked += bytes;
    if (this.#unchecked < ROOM_CHECK_BYTES) return;
    this.#unchecked = 0;
    await this.deps.requireRoom();
  }

  #requireVersion({ version }: OpenedFile): void {
    const { partial, file } = this.what;
    if (version === undefined) return;
    if (partial.version === undefined) partial.name(version);
    else if (partial.version !== version) throw storeErrors.FILE_CHANGED({ path: file.path });
  }
}

const unusable = (file: RepoFile, reason: string): Error =>
  storeErrors.SOURCE_ANSWER_INVALID({ what: file.path, reason });

const isWrongContent = (error: unknown): boolean =>
  isAssayError(error) && (error.code === 'FILE_CONTENT_DIFFERS' || error.code === 'FILE_CHANGED');

/** Codes that asking for the same once more does not mend. */
const LASTING = new Set(['FILE_CONTENT_DIFFERS', 'FILE_CHANGED', 'FILE_SIZE_DIFFERS', 'REDIRECT_REFUSED']);

const isWorthAnotherTry = (error: unknown): boolean =>
  isAssayError(error) && error.retry === 'backoff' && error.fault === 'network' && !LASTING.has(error.code);

/** Does work that may fail for the network's sake, as often as `attempts` says. */
export async function retrying<T>(
  { attempts, pauseMs, longestPauseMs }: Pick<TransferOptions, 'attempts' | 'pauseMs' | 'longestPauseMs'>,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || failures >= attempts || !isWorthAnotherTry(error)) throw error;
      await clock.sleep(pauseAfter(error, failures, pauseMs, longestPauseMs), signal);
    }
  }
}

/** Doubles from failure to failure, half of it by chance, and is never shorter than the source has asked for. */
function pauseAfter(error: unknown, failures: number, first: number, longest: number): number {
  const asked = isAssayError(error) ? error.payload['retryAfterMs'] : undefined;
  const pause = Math.min(longest, first * 2 ** (failures - 1));
  return Math.max(typeof asked === 'number' ? asked : 0, pause / 2 + (Math.random() * pause) / 2);
}

/** Whether content is what the source states of it. @throws FILE_CONTENT_DIFFERS */
export function requireStated({ path, sha256, gitOid }: RepoFile, digests: Digests): void {
  if (sha256 !== undefined && digests.sha256 !== sha256)
    throw storeErrors.FILE_CONTENT_DIFFERS({ path, expected: sha256, received: digests.sha256 });
  if (gitOid !== undefined && digests.gitOid !== gitOid)
    throw storeErrors.FILE_CONTENT_DIFFERS({ path, expected: gitOid, received: digests.gitOid ?? 'none' });
}
