import { timeOf } from '@assay/lib-timelock';
import { z } from 'zod';
import { count } from '../read/numbers.js';
import { PALLET, type SubnetState } from '../read/subnet.js';
import { answerAs, malformed } from '../rpc/greeting.js';
import { epochAt, firstBlockOf, firstReveal, revealRound, type EpochState } from './reveal-schedule.js';
import { storedValue } from './values.js';

const always = z.object({
  Tempo: count,
  /** The chain takes 100 at most. */
  RevealPeriodEpochs: count.refine((period) => period <= 1000, 'a period of more than 1000 epochs').default(1),
});
const counted = z.object({
  LastEpochBlock: count,
  PendingEpochAt: count.default(0),
  SubnetEpochIndex: count,
  BlocksSinceLastStep: count,
});

/** Epochs of the subnet, and the epochs between a commit and its reveal. @throws ANSWER_MALFORMED, what `Link.call` throws */
export async function readEpochs(subnet: SubnetState, block: number): Promise<{ state: EpochState; period: number }> {
  const { netuid } = subnet.place;
  const isCounted = subnet.runtime.hasStorage(PALLET, 'SubnetEpochIndex');
  const names = [...Object.keys(always.shape), ...(isCounted ? Object.keys(counted.shape) : [])];
  const values = await subnet.items([], names);
  const { Tempo: tempo, RevealPeriodEpochs: period } = answerAs(always, PALLET, values);
  if (!isCounted) return { state: { netuid, block, tempo, counter: undefined }, period };
  const { LastEpochBlock, PendingEpochAt, SubnetEpochIndex, BlocksSinceLastStep } = answerAs(counted, PALLET, values);
  const counter = {
    lastEpochBlock: LastEpochBlock,
    pendingEpochAt: PendingEpochAt,
    epochIndex: SubnetEpochIndex,
    blocksSinceLastStep: BlocksSinceLastStep,
  };
  return { state: { netuid, block, tempo, counter }, period };
}

/** When weights are revealed that a block includes. */
export interface RevealTiming {
  block: number;
  /** Round of drand. */
  round: number;
}

/**
 * By the chain's own clock: that of this machine decides nothing, so that it may be wrong.
 * @param inclusion block that is expected to include the commit
 * @param blockTimeMs milliseconds between two blocks
 * @throws EPOCHS_STOPPED, ANSWER_MALFORMED, what `Link.call` throws
 */
export async function readRevealTiming(
  subnet: SubnetState,
  { block, inclusion, blockTimeMs }: { block: number; inclusion: number; blockTimeMs: number },
): Promise<RevealTiming> {
  const [{ state, period }, clock, stored] = await Promise.all([
    readEpochs(subnet, block),
    storedValue(subnet, ['Timestamp', 'Now'], [], count),
    readStoredRound(subnet),
  ]);
  if (clock === undefined) throw malformed('Timestamp.Now', 'the chain has no time');
  const reveal = firstReveal(state, inclusion, period);
  // After a standstill the chain's clock is behind the rounds that it has stored.
  const time = Math.max(clock / 1000, timeOf(stored));
  return { block: reveal, round: revealRound(reveal, { block, time }, blockTimeMs / 1000) };
}

/** Newest round of drand that the chain has stored; 0 for none. @throws ANSWER_MALFORMED, what `Link.call` throws */
export const readStoredRound = async (subnet: SubnetState): Promise<number> =>
  (await storedValue(subnet, ['Drand', 'LastStoredRound'], [], count)) ?? 0;

/**
 * When a commit by hash can be revealed: in one epoch of the subnet, and neither before nor after it.
 * @param since epoch of the commit; before the chain counted epochs its block
 * @param inclusion later block whose epoch is `current`
 */
export async function revealWindow(
  subnet: SubnetState,
  since: number,
  { block, inclusion }: { block: number; inclusion: number },
): Promise<{ opens: number; epoch: number; current: number }> {
  const { state, period } = await readEpochs(subnet, block);
  const epoch = (state.counter ? since : epochAt(state, since)) + period;
  return { opens: firstBlockOf(state, epoch), epoch, current: epochAt(state, inclusion) };
}
