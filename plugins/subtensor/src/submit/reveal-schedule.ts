import { roundAt } from '@assay/lib-timelock';
import { weightsErrors } from './weights-errors.js';

/** Blocks after which the chain runs an epoch whatever the tempo is (subtensor, lib.rs, MAX_TEMPO). */
const MAX_TEMPO = 50_400;
/** Blocks by which a reveal may be late because the chain runs no more than two epochs in one block. */
const SPARE_BLOCKS = 3;

/** Storage items of the schedule that counts epochs, as they are after block `block`. */
export interface EpochCounter {
  lastEpochBlock: number;
  /** Block for which the owner has asked for an epoch; 0 for none. */
  pendingEpochAt: number;
  epochIndex: number;
  blocksSinceLastStep: number;
}

/** What the epochs of a subnet follow from. */
export interface EpochState {
  netuid: number;
  /** The block at which the rest was read. */
  block: number;
  tempo: number;
  /** Undefined before spec 423: epochs then follow from number of the block, netuid and tempo. */
  counter: EpochCounter | undefined;
}

/** Epoch that a commit in a later block belongs to. @throws EPOCHS_STOPPED for a tempo of 0 */
export function epochAt(state: EpochState, block: number): number {
  const { netuid, tempo, counter } = running(state);
  if (!counter) return Math.floor((block + netuid + 1) / (tempo + 1));
  let now = { ...counter, block: state.block };
  for (let next = nextEpoch(now, tempo); next <= block; next = nextEpoch(now, tempo)) now = after(next, now);
  return now.epochIndex;
}

/**
 * First block of an epoch that has not begun; where it has, the block after the one of the state under the counter.
 * @throws EPOCHS_STOPPED for a tempo of 0
 */
export function firstBlockOf(state: EpochState, epoch: number): number {
  const { netuid, tempo, counter } = running(state);
  if (!counter) return epoch * (tempo + 1) - (netuid + 1);
  let now = { ...counter, block: state.block };
  let first = state.block + 1;
  while (now.epochIndex < epoch) {
    first = nextEpoch(now, tempo);
    now = after(first, now);
  }
  return first;
}

/** First block that can reveal weights committed in block `inclusion`. @throws EPOCHS_STOPPED for a tempo of 0 */
export const firstReveal = (state: EpochState, inclusion: number, period: number): number =>
  firstBlockOf(state, epochAt(state, inclusion) + period);

/**
 * Round of drand to encrypt to for a reveal in a block.
 * @param at a block and its Unix time in seconds
 * @param blockTime seconds between two blocks
 */
export function revealRound(reveal: number, at: { block: number; time: number }, blockTime: number): number {
  const time = at.time + (reveal + SPARE_BLOCKS - at.block) * blockTime;
  // The clients of the chain take the round before the one that is published then.
  return Math.max(1, roundAt(time) - 1);
}

type Moment = EpochCounter & { block: number };

/** By the conditions of the runtime's `should_run_epoch` (subtensor, spec 425, coinbase/run_coinbase.rs). */
function nextEpoch({ block, pendingEpochAt, lastEpochBlock, blocksSinceLastStep }: Moment, tempo: number): number {
  const asked = pendingEpochAt > 0 ? pendingEpochAt : Number.POSITIVE_INFINITY;
  const overdue = block + MAX_TEMPO + 1 - blocksSinceLastStep;
  return Math.max(block + 1, Math.min(asked, lastEpochBlock + tempo, overdue));
}

const after = (block: number, { epochIndex }: Moment): Moment => ({
  block,
  lastEpochBlock: block,
  pendingEpochAt: 0,
  blocksSinceLastStep: 0,
  epochIndex: epochIndex + 1,
});

function running(state: EpochState): EpochState {
  if (state.tempo <= 0) throw weightsErrors.EPOCHS_STOPPED({ netuid: state.netuid });
  return state;
}
