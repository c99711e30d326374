import type { Neuron, WeightsSubmission } from '@assay/core/contracts/chain-client';
import {
  checkCommit,
  checkHotkeys,
  checkReveal,
  checkWeights,
  palletErrors,
  type WeightsState,
} from '@assay/lib-subtensor-rules';
import { z } from 'zod';
import { readNeurons } from '../read/neurons.js';
import { count } from '../read/numbers.js';
import { readFacts } from '../read/parameters.js';
import { PALLET, type SubnetState } from '../read/subnet.js';
import { hashCommits, timelockedCommits } from './commits.js';
import { epochAt } from './reveal-schedule.js';
import { readEpochs } from './reveal-timing.js';
import { storedValue } from './values.js';
import { weightsErrors } from './weights-errors.js';
import type { WeightsFacts } from './weights-facts.js';

/** The one call that safe mode lets through (subtensor, runtime/src/lib.rs, SafeModeWhitelistedCalls). */
const SAFE_CALL = 'set_weights';

/** The subnet as its next block finds it. @throws SUBNET_UNKNOWN, MECHANISM_UNKNOWN, what `Link.call` throws */
export async function readWeightsState(subnet: SubnetState, block: number, chain: string): Promise<WeightsState> {
  const { size, parameters, ownerHotkey } = await readFacts(subnet, block, chain);
  const { consensus } = parameters;
  const { netuid } = subnet.place;
  if (consensus === 'null') throw weightsErrors.CONSENSUS_TAKES_NO_WEIGHTS({ netuid, consensus });
  return { netuid, block: block + 1, neurons: await readNeurons(subnet, size), ownerHotkey, parameters };
}

interface Planned {
  hotkey: string;
  /** Name of the call that is to be sent, and what it does. */
  call: string;
  kind: WeightsFacts['kind'];
  submission: WeightsSubmission;
  state: WeightsState;
}

/**
 * Everything that the chain is known to refuse, before anything is signed. Committed weights are checked twice: what the
 * commit needs, and what the reveal will, as a reveal that fails says nothing.
 * @returns the validator's neuron
 * @throws HOTKEYS_CHANGED, what the chain would refuse, by the chain's own name
 */
export async function preflight(subnet: SubnetState, planned: Planned): Promise<Neuron> {
  const { hotkey, call, submission, state } = planned;
  await checkSafeMode(subnet, call);
  await checkSwap(subnet, hotkey);
  checkHotkeys(submission, state);
  if (!state.parameters.commitRevealEnabled) return checkWeights(hotkey, submission, state);
  const own = checkCommit(hotkey, await unrevealed(subnet, planned, state.block), state);
  checkReveal(hotkey, submission, state);
  return own;
}

/** @throws CallFiltered while the chain is in safe mode, for whatever it does not let through then */
export async function checkSafeMode(subnet: SubnetState, call: string): Promise<void> {
  if (call === SAFE_CALL) return;
  const until = await storedValue(subnet, ['SafeMode', 'EnteredUntil'], [], count);
  if (until !== undefined) throw palletErrors.CallFiltered({ call, until });
}

/** A key whose swap is announced signs nothing but the swap (subtensor, guards/check_coldkey_swap.rs). */
async function checkSwap(subnet: SubnetState, account: string): Promise<void> {
  const isIn = async (item: string): Promise<boolean> =>
    (await storedValue(subnet, [PALLET, item], [account], z.unknown())) !== undefined;
  const [isAnnounced, isDisputed, isScheduled] = await Promise.all([
    isIn('ColdkeySwapAnnouncements'),
    isIn('ColdkeySwapDisputes'),
    isIn('ColdkeySwapScheduled'),
  ]);
  if (isAnnounced && isDisputed) throw palletErrors.ColdkeySwapDisputed({ account });
  if (isAnnounced || isScheduled) throw palletErrors.ColdkeySwapAnnounced({ account });
}

/** Commits of this hotkey that count against the chain's limit of them when a block takes one more. */
async function unrevealed(subnet: SubnetState, { hotkey, kind }: Planned, block: number): Promise<number> {
  const { state, period } = await readEpochs(subnet, block - 1);
  const epoch = epochAt(state, block);
  if (kind === 'timelocked')
    return (await timelockedCommits(subnet)).filter((one) => one.who === hotkey && one.epoch === epoch).length;
  const epochOf = (since: number): number => (state.counter ? since : epochAt(state, since));
  return (await hashCommits(subnet, hotkey)).filter(({ since }) => epochOf(since) + period >= epoch).length;
}
