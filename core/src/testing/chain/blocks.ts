import { isDeepStrictEqual } from 'node:util';
import { asBlockNumber } from '../../contracts/brands.js';
import type { BlockReference, ChainSnapshot } from '../../contracts/chain-client.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand, reasonOf } from '../checks.js';
import { refused, type ChainCheck, type ChainSubject } from './world.js';

const HASH = /^0x[0-9a-f]{64}$/;
const LOOKS = 5;
const FAR_BEYOND = 1_000_000_000;

/** Heads as a client names them while blocks are made. */
async function headsOf(subject: ChainSubject, look: (head: BlockReference) => void): Promise<void> {
  await subject.with({}, async (client) => {
    for (let count = 0; count < LOOKS; count += 1) {
      look(await client.head(subject.signal));
      if (subject.has('makeBlocks')) await subject.needs('makeBlocks')(2);
    }
  });
}

const neverGoesBack: ChainCheck = async (subject) => {
  const heads: BlockReference[] = [];
  await headsOf(subject, (head) => heads.push(head));
  heads.forEach((head, index) => {
    demand(Number.isSafeInteger(head.number) && head.number >= 0, `the head is block ${head.number}`);
    const before = heads[index - 1] ?? head;
    demand(head.number >= before.number, `the head was ${before.number}, then ${head.number}`);
    demand(before.number !== head.number || before.hash === head.hash, `block ${head.number} has had two hashes`);
  });
  const made = 2 * (LOOKS - 1);
  const moved = (heads.at(-1)?.number ?? 0) - (heads[0]?.number ?? 0);
  demand(!subject.has('makeBlocks') || moved >= made, `${made} blocks were made, and the head moved by ${moved}`);
};

const undoesNothing: ChainCheck = async (subject) => {
  const heads: BlockReference[] = [];
  await headsOf(subject, (head) => heads.push(head));
  await subject.with({}, async (client) => {
    for (const { number, hash } of heads) {
      const now = await client.blockHash(number, subject.signal);
      demand(now === hash, `block ${number} was named with hash ${hash} and has ${now}`);
    }
  });
};

const hashesAre: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    const head = await client.head(signal);
    demand(HASH.test(head.hash), `the head's hash is ${head.hash}, and not 0x with 64 lower-case digits`);
    const hashes = new Set<string>();
    const numbers = [head.number, head.number - 1, head.number - 2].filter((number) => number >= 0);
    for (const number of numbers) hashes.add(await client.blockHash(asBlockNumber(number), signal));
    demand(hashes.size === numbers.length, 'two blocks have the same hash');
    demand(hashes.has(head.hash), "the head's hash is not the hash of its number");
    await refused('the hash of a block far beyond the head', () =>
      client.blockHash(asBlockNumber(head.number + FAR_BEYOND), signal),
    );
  });

const readsWhereAsked: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    const { at } = await client.snapshot(signal);
    demand(
      at.hash === (await client.blockHash(at.number, signal)),
      `a snapshot is of block ${at.number} with another hash`,
    );
    if (subject.has('makeBlocks')) await subject.needs('makeBlocks')(1);
    const again = await client.snapshot(signal, at);
    demand(isDeepStrictEqual(again.at, at), `a snapshot at block ${at.number} says that it is of ${again.at.number}`);
  });

const readsTheSame: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const first = await client.snapshot(subject.signal);
    const second = await client.snapshot(subject.signal, first.at);
    demand(
      isDeepStrictEqual(first, second),
      `two snapshots of block ${first.at.number} differ in ${difference(first, second)}`,
    );
  });

const difference = (a: ChainSnapshot, b: ChainSnapshot): string =>
  Object.entries(a)
    .filter(([name, value]) => !isDeepStrictEqual(value, Object.entries(b).find(([other]) => other === name)?.[1]))
    .map(([name]) => name)
    .join(', ');

/** The state of an earlier block may be gone; it may never be that of a later one. */
const readsNothingNewer: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { signal } = subject;
    const { hotkey } = await subject.needs('register')({});
    const before = await client.snapshot(signal);
    await subject.needs('putCommitment')(hotkey, Buffer.from('newer'));
    const after = await client.snapshot(signal);
    demand(
      after.commitments.some((commitment) => commitment.hotkey === hotkey && commitment.data === 'newer'),
      'the new commitment is not in a snapshot of the head',
    );
    const then = await client.snapshot(signal, before.at).catch((error: unknown) => {
      const isGone = isAssayError(error) && error.code === 'STATE_DISCARDED';
      demand(isGone, `reading at an earlier block ended in ${reasonOf(error)}`);
      return undefined;
    });
    demand(
      then === undefined || isDeepStrictEqual(then, before),
      `a snapshot at block ${before.at.number} shows something newer`,
    );
  });

const refusesOtherBlocks: ChainCheck = async (subject) =>
  subject.with({}, async (client) => {
    const { number, hash } = await client.head(subject.signal);
    const other = `0x${hash.slice(2).replace(/./g, (digit) => (digit === '0' ? '1' : '0'))}`;
    await refused('a snapshot at a block of another chain', () =>
      client.snapshot(subject.signal, { number, hash: other }),
    );
  });

export const BLOCK_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'has a head that never goes back': neverGoesBack,
  'never undoes a block that it has named as its head': undoesNothing,
  'knows the hash of each block up to its head, and of none beyond': hashesAre,
  'reads a snapshot at the block that it was asked for': readsWhereAsked,
  'reads the same twice at one block': readsTheSame,
  'reads nothing newer than the block that it was asked for': readsNothingNewer,
  'refuses a block that is not of this chain': refusesOtherBlocks,
};
