import { createHash } from 'node:crypto';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';

/** Hash of any block, past or to come: `0x` and sha256 of `SEED/NUMBER`, so that two networks of one seed agree. */
export const localBlockHash = (seed: string, block: number): string =>
  `0x${createHash('sha256').update(`${seed}/${block}`).digest('hex')}`;

export const blockReference = (seed: string, block: number): BlockReference => ({
  number: asBlockNumber(block),
  hash: localBlockHash(seed, block),
});

export interface Head {
  number: number;
  /** Milliseconds since 1970 at which it was made. */
  at: number;
}

/** Difference between wall clock and monotonic clock, in milliseconds, that is taken for a clock that was set. */
const JUMP_MS = 1000;

/**
 * Where the head stands after time has passed; blocks are as far apart as `blockTime` says, in milliseconds.
 *
 * @param elapsed milliseconds since the caller last looked, by a clock that nobody can set: when the wall clock was set
 *   meanwhile, the blocks of this time pass and no others
 */
export function headAfter(head: Head, now: number, blockTime: number, elapsed = Math.max(0, now - head.at)): Head {
  if (blockTime === 0) return head;
  const byWallClock = now - head.at;
  if (byWallClock < 0 || byWallClock > elapsed + blockTime + JUMP_MS)
    return { number: head.number + Math.floor(elapsed / blockTime), at: now };
  const passed = Math.floor(byWallClock / blockTime);
  return { number: head.number + passed, at: head.at + passed * blockTime };
}

/** No time passes on a chain that nobody validates: after a pause it goes on where it stood. */
export function headResumed(head: Head, now: number, blockTime: number): Head {
  return Math.abs(now - head.at) > blockTime ? { number: head.number, at: now } : head;
}

export function writeHead(database: Database.Database, head: Head): void {
  database.prepare('UPDATE network SET head = ?, head_at = ?').run(head.number, head.at);
}

/** A new block that changes the state: each change has a block of its own, so a block's state never changes. */
export function sealBlock(database: Database.Database, block: number): void {
  database.prepare('UPDATE network SET head = ?, changed_at = ?').run(block, block);
}
