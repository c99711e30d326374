import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import type { ChainSnapshot, Commitment, UnreadableCommitment } from '@assay/core/contracts/chain-client';
import { commitmentText } from '@assay/core/chain/commitment-text';
import { messageOf } from '@assay/core/errors/describe';
import { z } from 'zod';
import { printable } from '@assay/core/errors/printable';
import { answerAs } from '../rpc/greeting.js';
import { account, count } from './numbers.js';
import type { Runtime } from '../runtime/runtime.js';
import type { SubnetState } from './subnet.js';

const PALLET = 'Commitments';
/** Longest text that a claim may be, in bytes. */
const LONGEST_TEXT = 1024;
/** Reveals of one hotkey that count: the chain keeps no more. */
const MOST_REVEALS = 10;
/** Characters of the words for people. */
const LONGEST_DETAIL = 200;

const hexText = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);
/** One variant of the chain's enum `Data`, as polkadot writes an enum in JSON: its name and what it holds. */
const field = z.record(z.string(), z.unknown());
const registration = z.object({ block: count, info: z.object({ fields: z.array(field) }) });
const reveals = z.array(z.tuple([hexText, count]));

type CommitmentLists = Pick<ChainSnapshot, 'commitments' | 'revealed' | 'unreadable'>;

/**
 * The commitments of these hotkeys. Each row is decoded by itself: what one hotkey has written hides no other.
 * @throws what `Link.call` throws
 */
export async function readCommitments(subnet: SubnetState, hotkeys: ReadonlySet<string>): Promise<CommitmentLists> {
  const lists: CommitmentLists = { commitments: [], revealed: [], unreadable: [] };
  for (const { hotkey, value } of await rowsOf(subnet, 'CommitmentOf', hotkeys)) {
    const read = commitmentOf(subnet.runtime, hotkey, value);
    if ('data' in read) lists.commitments.push(read);
    else lists.unreadable.push(read);
  }
  if (!subnet.runtime.hasStorage(PALLET, 'RevealedCommitments')) return lists;
  for (const { hotkey, value } of await rowsOf(subnet, 'RevealedCommitments', hotkeys)) {
    const read = revealsOf(subnet.runtime, hotkey, value);
    lists.revealed.push(...read.texts);
    lists.unreadable.push(...read.unreadable);
  }
  return lists;
}

interface Row {
  hotkey: string;
  value: string;
}

/** What tells a value from its bytes, by the types of one runtime. */
type Values = Pick<Runtime, 'storageValue'>;

async function rowsOf(subnet: SubnetState, item: string, hotkeys: ReadonlySet<string>): Promise<Row[]> {
  const rows = await subnet.part(PALLET, item);
  return rows.flatMap(({ argument, value }) => {
    const hotkey = answerAs(account, item, argument);
    return hotkeys.has(hotkey) ? [{ hotkey, value }] : [];
  });
}

/** One value of `CommitmentOf`, by the types of this runtime. */
export function commitmentOf(runtime: Values, hotkey: string, value: string): Commitment | UnreadableCommitment {
  const unreadable = (
    kind: UnreadableCommitment['kind'],
    detail: string,
    block: number | null,
  ): UnreadableCommitment => ({
    hotkey: asHotkey(hotkey),
    block: block === null ? null : asBlockNumber(block),
    kind,
    detail,
  });
  let decoded: z.infer<typeof registration>;
  try {
    decoded = registration.parse(runtime.storageValue(PALLET, 'CommitmentOf', value).toJSON());
  } catch (error) {
    return unreadable('unknown', printable(messageOf(error), LONGEST_DETAIL), null);
  }
  const { block, info } = decoded;
  // The reference's SDK reads the first field alone.
  const [name, content] = Object.entries(info.fields[0] ?? {})[0] ?? ['none', null];
  const bytes = hexText.safeParse(content).data;
  if (/^(big)?raw\d*$/i.test(name) && bytes !== undefined && bytes.length > 2)
    return { hotkey: asHotkey(hotkey), data: commitmentText(bytesOf(bytes)), block: asBlockNumber(block) };
  return unreadable(bytes === '0x' ? 'empty' : kindOf(name), detailOf(name, content), block);
}

function kindOf(name: string): UnreadableCommitment['kind'] {
  if (/^none$/i.test(name)) return 'empty';
  if (/^timelockEncrypted$/i.test(name)) return 'timelocked';
  if (/^timelockRevealFailed$/i.test(name)) return 'reveal-failed';
  if (/256$/.test(name)) return 'hash';
  return 'unknown';
}

const timelock = z.object({ revealRound: count });
function detailOf(name: string, content: unknown): string {
  const { data } = timelock.safeParse(content);
  return data ? `opens at round ${data.revealRound} of drand` : `data of kind ${name}`;
}

/** One value of `RevealedCommitments`, the oldest reveal first. */
export function revealsOf(
  runtime: Values,
  hotkey: string,
  value: string,
): { texts: Commitment[]; unreadable: UnreadableCommitment[] } {
  const unreadable = (detail: string, block: number | null): UnreadableCommitment => ({
    hotkey: asHotkey(hotkey),
    block: block === null ? null : asBlockNumber(block),
    kind: 'unknown',
    detail,
  });
  let decoded: z.infer<typeof reveals>;
  try {
    decoded = reveals.parse(runtime.storageValue(PALLET, 'RevealedCommitments', value).toJSON());
  } catch (error) {
    return { texts: [], unreadable: [unreadable(printable(messageOf(error), LONGEST_DETAIL), null)] };
  }
  const texts: Commitment[] = [];
  const broken: UnreadableCommitment[] = [];
  for (const [hex, block] of decoded) {
    const data = revealedText(bytesOf(hex));
    if (data === undefined) broken.push(unreadable('a reveal that is no text', block));
    else texts.push({ hotkey: asHotkey(hotkey), data, block: asBlockNumber(block) });
  }
  return { texts: texts.sort((a, b) => a.block - b.block).slice(-MOST_REVEALS), unreadable: broken };
}

/** The text of a reveal; undefined for bytes that are none, or too many. */
export function revealedText(payload: Buffer): string | undefined {
  const bytes = revealedBytes(payload);
  return bytes === undefined || bytes.length > LONGEST_TEXT ? undefined : commitmentText(bytes);
}

/** What was revealed begins with its own length, as SCALE writes it; the length must be right. */
function revealedBytes(bytes: Buffer): Buffer | undefined {
  const mode = (bytes[0] ?? 3) & 3;
  const offset = [1, 2, 4][mode];
  if (offset === undefined || bytes.length < offset) return undefined;
  const length = bytes.readUIntLE(0, offset) >>> 2;
  return bytes.length === offset + length ? bytes.subarray(offset) : undefined;
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
