import { statfs } from 'node:fs/promises';
import { storeErrors } from '../errors.js';

export interface RoomLimits {
  /** Bytes that the store may take. */
  maxBytes: number;
  /** Bytes of the disk that it leaves free. */
  minFreeBytes: number;
}

/** Room that a transfer will need. */
export interface Reservation {
  /** So many bytes have come, and count as used from now on. */
  spend(bytes: number): void;
  /** Promises room for so many bytes more. @throws STORE_FULL */
  extend(bytes: number): Promise<void>;
  end(): void;
}

/** What may go when room is short. */
export interface Removable {
  /** That are free afterwards, or fewer where others have the same content. */
  bytes: number;
  /** @returns whether it is gone: it may have come into use meanwhile */
  remove: () => Promise<boolean>;
}

/** A file takes whole blocks on disk: what is removed may free so many bytes more than it has. */
const ROUNDING_BYTES = 64 * 1024;

/** How much the store may still take, less what transfers under way have been promised. */
export class Room {
  #reserved = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param used tells the bytes that the store takes without what is promised
   * @param removables what may go, in the order in which it goes
   */
  constructor(
    private readonly limits: RoomLimits & { directory: string },
    private readonly used: () => Promise<number>,
    private readonly removables: () => Promise<readonly Removable[]>,
  ) {}

  /** Bytes that may still come, what is promised left out. */
  async free(): Promise<number> {
    // Before anything is measured: what comes meanwhile may count twice, and must not be left out.
    const reserved = this.#reserved;
    const { bavail, bsize } = await statfs(this.limits.directory);
    const ofDisk = bavail * bsize - this.limits.minFreeBytes;
    if (!Number.isFinite(this.limits.maxBytes)) return Math.max(0, ofDisk - reserved);
    const ofQuota = this.limits.maxBytes - (await this.used());
    return Math.max(0, Math.min(ofDisk, ofQuota) - reserved);
  }

  /**
   * Promises room for so many bytes, and removes what may go where that is needed.
   * @throws STORE_FULL
   */
  async reserve(bytes: number): Promise<Reservation> {
    // One after the other: two that look at the same time would both find the room free.
    let left = 0;
    const extend = async (more: number): Promise<void> => {
      if (more === 0) return;
      const mine = this.#last.catch(() => undefined).then(() => this.#promise(more));
      this.#last = mine;
      await mine;
      left += more;
    };
    await extend(bytes);
    const spend = (spent: number): void => {
      const now = Math.min(left, spent);
      left -= now;
      this.#reserved -= now;
    };
    return {
      spend,
      extend,
      end: () => {
        spend(left);
      },
    };
  }

  async #promise(bytes: number): Promise<void> {
    const free = await this.free();
    const enough = free >= bytes ? free : await this.#madeFree(bytes, free);
    if (enough < bytes) throw storeErrors.STORE_FULL({ directory: this.limits.directory, needed: bytes, free: enough });
    this.#reserved += bytes;
  }

  /** Removes what may go until so many bytes are free, and nothing where they would not be. @returns the bytes that are */
  async #madeFree(bytes: number, before: number): Promise<number> {
    const removables = await this.removables();
    const inAll = removables.reduce((sum, one) => sum + one.bytes + ROUNDING_BYTES, before);
    if (inAll < bytes) return before;
    let free = before;
    let expected = before;
    for (const { bytes: freed, remove } of removables) {
      if (!(await remove())) continue;
      expected += freed + ROUNDING_BYTES;
      // To measure is to look at every file of the store.
      if (expected < bytes) continue;
      free = await this.free();
      if (free >= bytes) break;
    }
    return free;
  }

  /** Whether what is coming still fits: others write to the disk as well. @throws STORE_FULL */
  async requireFloor(): Promise<void> {
    const { bavail, bsize } = await statfs(this.limits.directory);
    const free = bavail * bsize;
    if (free < this.limits.minFreeBytes)
      throw storeErrors.STORE_FULL({ directory: this.limits.directory, needed: this.limits.minFreeBytes, free });
  }
}
