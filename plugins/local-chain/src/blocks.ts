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

/** Where the head stands after time has passed; blocks are as far apart as `blockTime` says, in milliseconds. */
export function headAfter(head: Head, now: number, blockTime: number): Head {
  if (blockTime === 0) return head;
  // A clock that was set back must not stop the chain until it has caught up.
  if (now < head.at) return { number: head.number, at: now };
  const passed = Math.floor((now - head.at) / blockTime);
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
