import type { Clock } from '@assay/core/contracts/clock';
import { breathe } from '@assay/core/datasets/breathe';
import type { OpenShard, Span } from '../draw/shard.js';
import { shardErrors } from '../errors.js';
import type { NpyHeader } from '../npy/header.js';
import type { RemotePlace, Remotes } from '../places/remote.js';
import { Retries } from '../places/retrying.js';
import { ReadPlan, type PlannedRange } from './ranges.js';

/** Ranges that are asked for at a time; the client's own limit counts as well. */
const AT_ONCE = 8;

/** The server has sent the whole file in place of a part. */
class RangesIgnored extends Error {}

/** A shard on a server that answers ranges: only what is drawn is fetched. */
export class RemoteShard implements OpenShard {
  #whole: OpenShard | undefined;

  constructor(
    readonly header: NpyHeader,
    private readonly at: { shard: string; place: RemotePlace; size: number; version: string },
    private readonly deps: {
      remotes: Remotes;
      clock: Clock;
      /** The whole shard, fetched and kept. */
      whole: (signal: AbortSignal) => Promise<OpenShard>;
    },
  ) {}

  /** A server that answers a range with the whole file is not asked for a range again. */
  async read(sequences: readonly (readonly Span[])[], signal: AbortSignal): Promise<Uint32Array[]> {
    try {
      if (!this.#whole) return await this.#readRanges(sequences, signal);
    } catch (error) {
      if (!(error instanceof RangesIgnored)) throw error;
    }
    this.#whole ??= await this.deps.whole(signal);
    return this.#whole.read(sequences, signal);
  }

  async close(): Promise<void> {
    await this.#whole?.close();
  }

  async #readRanges(sequences: readonly (readonly Span[])[], signal: AbortSignal): Promise<Uint32Array[]> {
    const plan = new ReadPlan(sequences);
    const ended = new AbortController();
    const limited = AbortSignal.any([signal, ended.signal]);
    const waiting = plan.ranges.values();
    const worker = async (): Promise<void> => {
      for (const range of waiting) {
        plan.fill(range, await this.#bytesOf(range, limited));
        await breathe(limited);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } finally {
      ended.abort();
    }
    return plan.rows();
  }

  /** A range, by as many requests as it takes: what has come is not asked for again. */
  async #bytesOf({ start, end }: PlannedRange, signal: AbortSignal): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    const retries = new Retries(this.deps.clock, signal);
    let filled = 0;
    while (filled < bytes.length) {
      try {
        for await (const chunk of this.#part(start + filled, end, signal)) {
          bytes.set(chunk, filled);
          filled += chunk.length;
          retries.progressed();
        }
      } catch (error) {
        await retries.after(error);
      }
    }
    return bytes;
  }

  async *#part(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
    const { shard, place, size, version } = this.at;
    const { dataAt } = this.header;
    const part = { start: dataAt + from, end: dataAt + to };
    // The size may have changed: it is compared below, and is no lie of the server.
    const opened = await this.deps.remotes.open(place, part, signal);
    try {
      if (opened.version !== version || (opened.size ?? size) !== size) throw shardErrors.SHARD_CHANGED({ shard });
      if (opened.start !== part.start || opened.end !== part.end) throw new RangesIgnored();
      yield* opened.bytes;
      return undefined;
    } finally {
      await opened.close();
    }
  }
}
