import { z } from 'zod';
import { subtensorErrors } from '../errors.js';
import { account, amount, count } from '../read/numbers.js';
import { decoded, PALLET, type SubnetState } from '../read/subnet.js';
import { answerAs } from '../rpc/greeting.js';
import { blake2 } from './weights-bytes.js';
import { storedValue } from './values.js';

/** Where runtimes keep timelocked commits: the name of now first, and those that it had before. */
const TIMELOCKED = ['TimelockedWeightCommits', 'CRV3WeightCommitsV2', 'CRV3WeightCommits'] as const;

const BY_HASH = 'WeightCommits';

/** A commit that can't be looked for is not taken for one that is gone. */
const noStorage = ({ runtime }: SubnetState, item: string): Error =>
  subtensorErrors.RUNTIME_UNREADABLE({ runtime: runtime.name, reason: `it has no storage ${PALLET}.${item}` });

const hexText = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);
const round = amount.transform(Number);
const queue = z.array(
  z.union([
    z.tuple([account, count, hexText, round]),
    // The first layout did not name the block.
    z.tuple([account, hexText, round]).transform(([who, bytes, at]) => [who, undefined, bytes, at] as const),
  ]),
);

/** One timelocked commit of weights that the chain has not opened. */
export interface TimelockedCommit {
  item: string;
  /** Epoch of the subnet in which it was committed. */
  epoch: number;
  who: string;
  /** Block that holds it; undefined in the oldest layout. */
  block: number | undefined;
  ciphertext: Uint8Array;
  /** BLAKE2b-256 of the ciphertext. */
  hash: string;
  round: number;
}

/**
 * Timelocked commits of one mechanism that are not opened, in the order in which the chain opens them.
 * @param only those of one epoch under one name; all when left out
 * @throws ANSWER_MALFORMED, RUNTIME_UNREADABLE, what `Link.call` throws
 */
export async function timelockedCommits(
  subnet: SubnetState,
  only?: { item: string; epoch: number },
): Promise<TimelockedCommit[]> {
  if (only) {
    if (!subnet.runtime.hasStorage(PALLET, only.item)) return timelockedCommits(subnet);
    const found = await storedValue(subnet, [PALLET, only.item], [subnet.storageIndex, only.epoch], queue);
    return commitsOf(subnet, only.item, only.epoch, found ?? []);
  }
  const commits: TimelockedCommit[] = [];
  const items = TIMELOCKED.filter((name) => subnet.runtime.hasStorage(PALLET, name));
  if (items.length === 0) throw noStorage(subnet, TIMELOCKED[0]);
  for (const item of items)
    for (const { argument, value } of await subnet.part(PALLET, item)) {
      const entries = answerAs(
        queue,
        item,
        decoded(item, () => subnet.runtime.storageValue(PALLET, item, value)),
      );
      commits.push(...commitsOf(subnet, item, answerAs(count, item, argument), entries));
    }
  return commits;
}

function commitsOf(
  { runtime }: SubnetState,
  item: string,
  epoch: number,
  entries: z.infer<typeof queue>,
): TimelockedCommit[] {
  return entries.map(([who, block, hex, at]) => {
    const ciphertext = Buffer.from(hex.slice(2), 'hex');
    return { item, epoch, who, block, ciphertext, hash: blake2(runtime.registry, ciphertext), round: at };
  });
}

const hashes = z.array(z.tuple([hexText, count, count, count]));

/** A commit by hash. */
export interface HashCommit {
  hash: string;
  /** Epoch in which it was committed; before the chain counted epochs the block. */
  since: number;
}

/** Commits by hash of one hotkey, the oldest first; expired ones may be among them. @throws ANSWER_MALFORMED, RUNTIME_UNREADABLE, what `Link.call` throws */
export async function hashCommits(subnet: SubnetState, hotkey: string): Promise<HashCommit[]> {
  if (!subnet.runtime.hasStorage(PALLET, BY_HASH)) throw noStorage(subnet, BY_HASH);
  const found = await storedValue(subnet, [PALLET, BY_HASH], [subnet.storageIndex, hotkey], hashes);
  return (found ?? []).map(([hash, since]) => ({ hash, since }));
}
