import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import type { BlockReference, CommitmentOptions, CommitmentReceipt } from '@assay/core/contracts/chain-client';
import { commitmentText } from '@assay/core/chain/commitment-text';
import type { Log } from '@assay/core/contracts/logger';
import { chainErrors } from '@assay/core/chain/errors';
import { printable } from '@assay/core/errors/printable';
import { palletErrors } from '@assay/lib-subtensor-rules';
import { z } from 'zod';
import { commitmentOf } from '../read/commitments.js';
import { count } from '../read/numbers.js';
import { nextEpoch } from '../read/parameters.js';
import { BlockState } from '../read/state.js';
import { decoded, PALLET, SubnetState } from '../read/subnet.js';
import { answerAs, headerJson } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import type { Runtimes } from '../runtime/runtimes.js';
import type { Draft } from './draft.js';
import { submitErrors } from './errors.js';
import type { Sender } from './sender.js';

const COMMITMENTS = 'Commitments';
/** Longest text that one field of a commitment holds as it is, in bytes (`Raw128`). */
export const LONGEST_RAW = 128;
/** Bytes of a ciphertext that a field holds, and bytes that a ciphertext and the length of a text add to the text. */
const LONGEST_CIPHERTEXT = 1024;
const CIPHERTEXT_OVERHEAD = 244;
const LENGTH_BYTES = 2;
/** Longest text that a timelocked commitment holds, in bytes. */
export const LONGEST_TIMELOCKED = LONGEST_CIPHERTEXT - CIPHERTEXT_OVERHEAD - LENGTH_BYTES;
/** Every commitment counts as so many bytes at least against the limit of a tempo. */
const LEAST_SPACE = 100;
const MOST_BLOCKS = 1_000_000;
/** Characters of another text that an error shows. */
const LONGEST_SHOWN = 80;

const usage = z.object({ lastEpoch: count, usedSpace: count });
const times = z.object({
  Tempo: count,
  LastEpochBlock: count.optional(),
  PendingEpochAt: count.optional(),
  SubnetEpochIndex: count.optional(),
});

interface CommitterDeps {
  link: Link;
  runtimes: Runtimes;
  sender: Pick<Sender, 'send'>;
  key: () => Promise<{ signer: { address: string } }>;
  log: Log;
}

/** What stands in the one place that a hotkey has for commitments, as hex; null where nothing does. */
interface Slot {
  subnet: SubnetState;
  hotkey: string;
  value: string | null;
}

/** Puts texts of one hotkey on chain. */
export class Committer {
  constructor(
    private readonly netuid: number,
    private readonly deps: CommitterDeps,
  ) {}

  /**
   * Resolves when a finalized block holds the text.
   * @throws COMMITMENT_TOO_LONG, COMMITMENT_EMPTY, TIMELOCK_INVALID, TIMELOCK_UNKNOWN, AccountNotAllowedCommit and
   *   SpaceLimitExceeded before anything is sent; COMMITMENT_NOT_HELD, what `Sender.send` throws
   */
  async commit(text: string, signal: AbortSignal, { revealAfter }: CommitmentOptions): Promise<CommitmentReceipt> {
    const bytes = Buffer.from(text);
    checkText(bytes, revealAfter);
    const sent: { field?: Field } = {};
    const make = async (inner: AbortSignal, at: BlockReference): Promise<Draft> => {
      const slot = await this.#slot(at, inner);
      const field =
        revealAfter === undefined ? rawField(bytes) : await this.#sealed(bytes, revealAfter, slot, at, inner);
      sent.field = field;
      await this.#check(slot, at, field, inner);
      this.#warn(slot);
      const args = [this.netuid, { fields: [field.data] }];
      const purpose = `a commitment on subnet ${this.netuid}`;
      return { pallet: COMMITMENTS, call: 'set_commitment', args, purpose, facts: { kind: 'commitment' } };
    };
    // Nobody looks for a commitment by its ticket: the next snapshot shows whether the text stands on chain.
    const { at } = await this.deps.sender.send(make, () => Promise.resolve(), signal);
    await this.#readBack(at, { text: bytes, field: sent.field }, signal);
    const opens = sent.field?.opens;
    return { at, ...(opens !== undefined && { opens: asBlockNumber(opens) }) };
  }

  async #slot(at: BlockReference, signal: AbortSignal): Promise<Slot> {
    const { link, runtimes } = this.deps;
    const found = await runtimes.at(at.hash, signal);
    const state = new BlockState(at.hash, { link, signal });
    const subnet = new SubnetState({ netuid: this.netuid, mechanism: 0 }, found, state);
    const { address: hotkey } = (await this.deps.key()).signer;
    const key = found.runtime.storageKey(COMMITMENTS, 'CommitmentOf', [this.netuid, hotkey]);
    return { subnet, hotkey, value: (await state.values([key])).get(key) ?? null };
  }

  /** What the chain would refuse, in its order. */
  async #check(slot: Slot, at: BlockReference, { bytes }: Field, signal: AbortSignal): Promise<void> {
    const { netuid } = this;
    const { subnet, hotkey } = slot;
    const { runtime, state } = subnet;
    const uid = runtime.storageKey(PALLET, 'Uids', [netuid, hotkey]);
    if ((await state.values([uid])).get(uid) === null) throw palletErrors.AccountNotAllowedCommit({ hotkey, netuid });
    if (!runtime.hasStorage(COMMITMENTS, 'UsedSpaceOf') || !runtime.hasStorage(COMMITMENTS, 'MaxSpace')) return;
    const keys = {
      used: runtime.storageKey(COMMITMENTS, 'UsedSpaceOf', [netuid, hotkey]),
      limit: runtime.storageKey(COMMITMENTS, 'MaxSpace', []),
    };
    const values = await state.values(Object.values(keys));
    const read = (item: string, key: string): unknown =>
      decoded(item, () => runtime.storageValue(COMMITMENTS, item, values.get(key) ?? null));
    // The chain has no entry before the first commitment.
    const isFirst = (values.get(keys.used) ?? null) === null;
    const used = isFirst ? undefined : answerAs(usage, 'UsedSpaceOf', read('UsedSpaceOf', keys.used));
    const limit = answerAs(count, 'MaxSpace', read('MaxSpace', keys.limit));
    const { epoch, next } = await this.#epoch(subnet, at, signal);
    const taken = used?.lastEpoch === epoch ? used.usedSpace : 0;
    if (taken + Math.max(LEAST_SPACE, bytes) <= limit) return;
    throw palletErrors.SpaceLimitExceeded({ hotkey, limit, blocksLeft: Math.max(1, next - at.number) });
  }

  /** Number of the epoch that the next block belongs to, as the chain counts space by it, and the block that ends it. */
  async #epoch(subnet: SubnetState, at: BlockReference, signal: AbortSignal): Promise<{ epoch: number; next: number }> {
    const names = ['LastEpochBlock', 'PendingEpochAt', 'SubnetEpochIndex'];
    const found = answerAs(times, PALLET, await subnet.items(['Tempo'], names));
    const best = await this.#best(at, signal);
    const next = nextEpoch(found, this.netuid, best) ?? best;
    if (found.SubnetEpochIndex === undefined)
      return { epoch: Math.floor((best + 1 + this.netuid + 1) / (found.Tempo + 1)), next };
    return { epoch: found.SubnetEpochIndex + (next <= best + 1 ? 1 : 0), next };
  }

  /** Number of the node's newest block, final or not. */
  async #best(at: BlockReference, signal: AbortSignal): Promise<number> {
    const answer = await this.deps.link.call('chain_getHeader', [], signal);
    return Math.max(at.number, answerAs(headerJson, 'chain_getHeader', answer).number);
  }

  /** The text, encrypted to the round of drand that is published when so many blocks have followed the next one. */
  async #sealed(
    text: Buffer,
    blocks: number,
    { subnet }: Slot,
    at: BlockReference,
    signal: AbortSignal,
  ): Promise<Field> {
    const { runtime, state } = subnet;
    if (!runtime.hasStorage(COMMITMENTS, 'RevealedCommitments'))
      throw submitErrors.TIMELOCK_UNKNOWN({ runtime: runtime.name });
    const [{ encryptToRound, roundAt }, { compactAddLength }] = await Promise.all([
      import('@assay/lib-timelock'),
      import('@polkadot/util'),
    ]);
    const key = runtime.storageKey('Timestamp', 'Now', []);
    const raw = (await state.values([key])).get(key) ?? null;
    const now = answerAs(
      count,
      'Timestamp.Now',
      decoded('Timestamp.Now', () => runtime.storageValue('Timestamp', 'Now', raw)),
    );
    const opens = (await this.#best(at, signal)) + 1 + blocks;
    const seconds = (now + (opens - at.number) * this.deps.link.blockTimeMs) / 1000;
    // The round that is published at that time or next, so that it is not open any earlier.
    const revealRound = roundAt(Math.ceil(seconds)) + 1;
    const encrypted = await encryptToRound(compactAddLength(text), revealRound);
    const hex = `0x${Buffer.from(encrypted).toString('hex')}`;
    return { data: { TimelockEncrypted: { encrypted: hex, revealRound } }, bytes: encrypted.length, opens, hex };
  }

  #warn({ subnet, hotkey, value }: Slot): void {
    const standing = value === null ? undefined : commitmentOf(subnet.runtime, hotkey, value);
    if (standing === undefined || !('kind' in standing) || standing.kind !== 'timelocked') return;
    const { log } = this.deps;
    log('warn', 'this commitment replaces a timelocked one, which then never opens', {
      hotkey,
      detail: standing.detail,
    });
  }

  /** Whether the block holds what was sent. @throws COMMITMENT_NOT_HELD */
  async #readBack(
    at: BlockReference,
    { text, field }: { text: Buffer; field: Field | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { subnet, hotkey, value } = await this.#slot(at, signal);
    const found = value === null ? undefined : commitmentOf(subnet.runtime, asHotkey(hotkey), value);
    // A short text may stand somewhere in another value, a ciphertext does not.
    const isHeld =
      field?.opens === undefined
        ? found !== undefined && 'data' in found && found.data === commitmentText(text)
        : value?.includes(field.hex.slice(2));
    if (isHeld) return;
    const shown = found === undefined ? 'nothing' : 'data' in found ? found.data : found.detail;
    throw submitErrors.COMMITMENT_NOT_HELD({ block: at.number, found: printable(shown, LONGEST_SHOWN) });
  }
}

/** One field of a commitment, as the runtime's type `Data` takes it. */
interface Field {
  data: Readonly<Record<string, unknown>>;
  /** Bytes that it counts against the limit of a tempo. */
  bytes: number;
  /** What it holds, as 0x and hex. */
  hex: string;
  /** Block at which a timelocked one opens. */
  opens?: number;
}

function rawField(bytes: Buffer): Field {
  const hex = `0x${bytes.toString('hex')}`;
  return { data: { [`Raw${bytes.length}`]: hex }, bytes: bytes.length, hex };
}

/** @throws COMMITMENT_TOO_LONG, COMMITMENT_EMPTY, TIMELOCK_INVALID */
function checkText(bytes: Buffer, revealAfter: number | undefined): void {
  const limit = revealAfter === undefined ? LONGEST_RAW : LONGEST_TIMELOCKED;
  if (bytes.length > limit) throw chainErrors.COMMITMENT_TOO_LONG({ bytes: bytes.length, limit });
  if (bytes.length === 0) throw submitErrors.COMMITMENT_EMPTY({});
  if (revealAfter === undefined) return;
  if (!Number.isSafeInteger(revealAfter) || revealAfter < 1 || revealAfter > MOST_BLOCKS)
    throw submitErrors.TIMELOCK_INVALID({ blocks: revealAfter });
}
