import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import type { ChainSnapshot, Commitment, UnreadableCommitment } from '@assay/core/contracts/chain-client';
import { commitmentText } from '@assay/core/chain/commitment-text';
import { messageOf } from '@assay/core/errors/describe';
import { z } from 'zod';
import { count } from './numbers.js';
import type { Runtime } from '../runtime/runtime.js';
import type { SubnetState } from './subnet.js';

const PALLET = 'Commitments';
/** Longest text that a claim may be, in bytes. */
const LONGEST_TEXT = 1024;

const hexText = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);
/** One variant of the chain's enum `Data`, as polkadot writes an enum in JSON: its name and what it holds. */
const field = z.record(z.string(), z.unknown());
const registration = z.object({ block: count, info: z.object({ fields: z.array(field) }) });
const reveals = z.array(z.tuple([hexText, count]));

export type CommitmentLists = Pick<ChainSnapshot, 'commitments' | 'revealed' | 'unreadable'>;

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
  value: string | null;
}

async function rowsOf(subnet: SubnetState, item: string, hotkeys: ReadonlySet<string>): Promise<Row[]> {
  const rows = await subnet.part(PALLET, item);
  return rows.flatMap(({ key, value }) => {
    const hotkey = subnet.runtime.lastArgument(PALLET, item, key).toString();
    return hotkeys.has(hotkey) ? [{ hotkey, value }] : [];
  });
}

/** One value of `CommitmentOf`, by the types of this runtime. */
export function commitmentOf(
  runtime: Runtime,
  hotkey: string,
  value: string | null,
): Commitment | UnreadableCommitment {
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
    return unreadable('unknown', messageOf(error).slice(0, 200), null);
  }
  const { block, info } = decoded;
  // The reference's SDK reads the first field alone.
  const [name, content] = Object.entries(info.fields[0] ?? {})[0] ?? ['none', null];
  const bytes = hexText.safeParse(content).data;
  if (/^(big)?raw\d*$/i.test(name) && bytes !== undefined && bytes.length > 2)
    return { hotkey: asHotkey(hotkey), data: commitmentText(bytesOf(bytes)), block: asBlockNumber(block) };
  return unreadable(kindOf(name), detailOf(name, content), block);
}

function kindOf(name: string): UnreadableCommitment['kind'] {
  if (/^(none|raw0)$/i.test(name)) return 'empty';
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
  runtime: Runtime,
  hotkey: string,
  value: string | null,
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
    return { texts: [], unreadable: [unreadable(messageOf(error).slice(0, 200), null)] };
  }
  const texts: Commitment[] = [];
  const broken: UnreadableCommitment[] = [];
  for (const [hex, block] of decoded) {
    const bytes = revealedBytes(bytesOf(hex));
    if (bytes === undefined || bytes.length > LONGEST_TEXT) broken.push(unreadable('a reveal that is no text', block));
    else texts.push({ hotkey: asHotkey(hotkey), data: commitmentText(bytes), block: asBlockNumber(block) });
  }
  return { texts: texts.sort((a, b) => a.block - b.block), unreadable: broken };
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
