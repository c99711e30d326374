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
  end(): void;
}

/** Removes something when room is short. @returns whether it is gone: it may have come into use meanwhile */
export type Removable = () => Promise<boolean>;

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
    private readonly removables: () => AsyncIterable<Removable>,
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
    const mine = this.#last.catch(() => undefined).then(() => this.#reserve(bytes));
    this.#last = mine;
    return mine;
  }

  async #reserve(bytes: number): Promise<Reservation> {
    let free = await this.free();
    if (free < bytes) {
      for await (const remove of this.removables()) {
        if (!(await remove())) continue;
        free = await this.free();
        if (free >= bytes) break;
      }
    }
    if (free < bytes) throw storeErrors.STORE_FULL({ directory: this.limits.directory, needed: bytes, free });
    this.#reserved += bytes;
    let left = bytes;
    const spend = (spent: number): void => {
      const now = Math.min(left, spent);
      left -= now;
      this.#reserved -= now;
    };
    return {
      spend,
      end: () => {
        spend(left);
      },
    };
  }

  /** Whether what is coming still fits: others write to the disk as well. @throws STORE_FULL */
  async requireFloor(): Promise<void> {
    const { bavail, bsize } = await statfs(this.limits.directory);
    const free = bavail * bsize;
    if (free < this.limits.minFreeBytes)
      throw storeErrors.STORE_FULL({ directory: this.limits.directory, needed: this.limits.minFreeBytes, free });
  }
}
