import { chainErrors } from '@assay/core/chain/errors';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type {
  Reveal,
  SubmissionFate,
  SubmissionTicket,
  WeightsReceipt,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import { AssayError } from '@assay/core/errors/assay-error';
import { errorReport } from '@assay/core/errors/error-report';
import { checkEncoding, palletErrors } from '@assay/lib-subtensor-rules';
import type Database from 'libsql';
import { blockReference, writeHead } from './blocks.js';
import { passBlocks } from './changes.js';
import type { NetworkFile } from './database.js';
import { nextEpoch } from './epoch-schedule.js';
import { readNetwork, readNeurons } from './state.js';
import { insertSubmission, readSubmission, type SubmissionRow } from './submission-rows.js';
import { newTicket, parseTicket } from './tickets.js';

/** Weights on their way into the network: sent with a ticket, held by a block, found again by the ticket. */
export class Submissions {
  constructor(private readonly store: NetworkFile) {}

  /**
   * A ticket to be kept before `send` is called with it. Nothing changes.
   * @throws WEIGHTS_MALFORMED, HOTKEYS_CHANGED
   */
  prepare(submission: WeightsSubmission): SubmissionTicket {
    checkEncoding(submission);
    return this.store.read((database) => {
      requireHotkeys(database, submission);
      const { head, inclusion_delay: delay } = readNetwork(database);
      return newTicket(head, delay);
    });
  }

  /**
   * Sends weights under a ticket: as `set_weights`, or as a timelocked commit where the subnet wants that. A block holds them
   * when this returns, unless the network delays them.
   * @returns false, and nothing has changed, where the ticket's last block comes before the one that would hold them
   * @throws HOTKEYS_CHANGED
   */
  send(given: SubmissionTicket, hotkey: string, submission: WeightsSubmission): boolean {
    const { id, lastBlock } = parseTicket(given);
    return this.store.write((database) => {
      requireHotkeys(database, submission);
      const { head, head_at: at, inclusion_delay: delay, hyperparameters } = readNetwork(database);
      const block = head + 1 + delay;
      if (block > lastBlock) return false;
      const call = hyperparameters.commitRevealEnabled ? 'commit' : 'set';
      insertSubmission(database, { id, hotkey, call }, submission, block);
      if (delay > 0) return true;
      passBlocks(database, block);
      writeHead(database, { number: block, at });
      return true;
    });
  }

  /** @throws TICKET_UNREADABLE */
  fate(given: SubmissionTicket): SubmissionFate {
    const { id, lastBlock } = parseTicket(given);
    return this.store.read((database) => {
      const row = readSubmission(database, id);
      if (row) return fateOf(database, row);
      const { head } = readNetwork(database);
      return head < lastBlock ? { status: 'open', lastBlock: asBlockNumber(lastBlock) } : { status: 'lost' };
    });
  }

  /** Undefined as long as no block holds the weights. @throws the refusal of the chain */
  receipt(given: SubmissionTicket): WeightsReceipt | undefined {
    const fate = this.fate(given);
    if (fate.status === 'open' || fate.status === 'lost') return undefined;
    if (fate.status === 'refused') throw fate.error;
    const { at } = fate;
    if (fate.status === 'set') return { at, mode: 'set' };
    const block = fate.status === 'revealed' ? fate.revealedAt.number : at.number;
    return { at, mode: 'committed', reveal: fate.status === 'committed' ? fate.reveal : { block, by: 'chain' } };
  }

  /** Weights that are sent from now on wait for this many blocks before a block holds them. */
  delay(blocks: number): void {
    this.store.write((database) => database.prepare('UPDATE network SET inclusion_delay = ?').run(blocks));
  }
}

/** @throws HOTKEYS_CHANGED, WEIGHTS_MALFORMED */
function requireHotkeys(database: Database.Database, { uids, hotkeys }: WeightsSubmission): void {
  if (uids.length !== hotkeys.length)
    throw palletErrors.WEIGHTS_MALFORMED({ issues: [`${uids.length} uids came with ${hotkeys.length} hotkeys`] });
  const owners = new Map(readNeurons(database).map(({ uid, hotkey }) => [uid, hotkey]));
  const changed = uids.filter((uid, index) => owners.get(uid) !== hotkeys[index]);
  if (changed.length > 0) throw chainErrors.HOTKEYS_CHANGED({ uids: changed });
}

function fateOf(database: Database.Database, row: SubmissionRow): SubmissionFate {
  const { seed } = readNetwork(database);
  const at = blockReference(seed, row.block);
  switch (row.state) {
    case 'sent':
      return { status: 'open', lastBlock: at.number };
    case 'refused':
      return { status: 'refused', at, error: refusalOf(row) };
    case 'set':
      return { status: 'set', at };
    case 'committed':
      return { status: 'committed', at, ...revealOf(database, row) };
    case 'revealed':
      return { status: 'revealed', at, revealedAt: blockReference(seed, row.revealed_at ?? row.block) };
    case 'unrevealed':
      return { status: 'unrevealed', at, reason: row.reason ?? 'unknown' };
  }
}

const refusalOf = ({ error }: SubmissionRow): AssayError =>
  new AssayError(errorReport.parse(JSON.parse(error ?? '{}')));

/** First block of the epoch in which the chain reveals them, by the schedule as it is now. */
function revealOf(database: Database.Database, { epoch, block }: SubmissionRow): { reveal: Reveal; waitsFor?: string } {
  const { head, last_epoch: lastEpoch, epoch_index: index, hyperparameters } = readNetwork(database);
  const { tempo, revealPeriodEpochs } = hyperparameters;
  const epochs = (epoch ?? index) + revealPeriodEpochs - index;
  const next = nextEpoch({ lastEpoch: lastEpoch ?? head, tempo }, head);
  if (next === null)
    return {
      reveal: { block: asBlockNumber(block + 1), by: 'chain' },
      waitsFor: 'the subnet has no epochs, because its tempo is 0',
    };
  const first = epochs <= 0 ? head + 1 : next + (epochs - 1) * tempo;
  return { reveal: { block: asBlockNumber(first), by: 'chain' } };
}
