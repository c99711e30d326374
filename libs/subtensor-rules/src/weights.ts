import { chainErrors } from '@assay/core/chain/errors';
import type { Neuron, SubnetParameters, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { palletErrors } from './pallet-errors.js';

/** Commits of weights that one hotkey may have on chain without a reveal. */
export const MOST_UNREVEALED = 10;

const u16 = z.number().int().min(0).max(65_535);
const encodable = z.object({
  uids: z.array(u16),
  weights: z.array(u16),
  versionKey: z
    .bigint()
    .min(0n)
    .max(2n ** 64n - 1n),
});

/** What is sent; the hotkeys of the uids are compared by the client, as the chain knows uids alone. */
export type WeightsCall = Pick<WeightsSubmission, 'uids' | 'weights' | 'versionKey'>;

/** What the checks look at: the subnet as the block finds it in which the weights arrive. */
export interface WeightsState {
  netuid: number;
  /** Number of that block. */
  block: number;
  neurons: readonly Neuron[];
  /** Of the subnet's owner, who needs neither stake nor permit. */
  ownerHotkey: string | null;
  parameters: Pick<
    SubnetParameters,
    'weightsRateLimit' | 'weightsVersionKey' | 'minAllowedWeights' | 'stakeThreshold' | 'commitRevealEnabled'
  >;
}

/**
 * The checks of the runtime's `set_weights` in the runtime's order (subtensor, spec 425, subnets/weights.rs and
 * macros/dispatches.rs). The one on the largest weight is left out: its limit has been u16::MAX for long.
 *
 * @returns the validator's neuron
 * @throws the runtime's error, by its name
 */
export function checkWeights(hotkey: string, submission: WeightsCall, state: WeightsState): Neuron {
  checkEncoding(submission);
  if (state.parameters.commitRevealEnabled) throw palletErrors.CommitRevealEnabled({ netuid: state.netuid });
  const own = checkShape(hotkey, submission, state);
  checkStanding(own, submission.versionKey, state);
  const wait = waitOf(own, state);
  if (wait.blocksLeft > 0) throw palletErrors.SettingWeightsTooFast(wait);
  checkTargets(own, submission.uids, state);
  return own;
}

/**
 * The checks of a commit of weights; what is in it is looked at by `checkReveal`.
 *
 * @param unrevealed commits of this hotkey that are on chain without a reveal
 * @returns the validator's neuron
 * @throws the runtime's error, by its name
 */
export function checkCommit(hotkey: string, unrevealed: number, state: WeightsState): Neuron {
  const { netuid, parameters } = state;
  if (!parameters.commitRevealEnabled) throw palletErrors.CommitRevealDisabled({ netuid });
  const own = neuronOf(hotkey, state);
  const wait = waitOf(own, state);
  if (wait.blocksLeft > 0) throw palletErrors.CommittingWeightsTooFast(wait);
  if (unrevealed >= MOST_UNREVEALED) throw palletErrors.TooManyUnrevealedCommits({ hotkey, most: MOST_UNREVEALED });
  return own;
}

/** The checks of weights that are revealed: those of `set_weights` without the rate limit. @throws the runtime's error */
export function checkReveal(hotkey: string, submission: WeightsCall, state: WeightsState): Neuron {
  checkEncoding(submission);
  const own = checkShape(hotkey, submission, state);
  checkStanding(own, submission.versionKey, state);
  checkTargets(own, submission.uids, state);
  return own;
}

/**
 * Whether each uid still belongs to the hotkey that its weight is meant for: the chain knows uids alone.
 * @throws HOTKEYS_CHANGED
 */
export function checkHotkeys(
  { uids, hotkeys }: Pick<WeightsSubmission, 'uids' | 'hotkeys'>,
  state: WeightsState,
): void {
  const owners = new Map<number, string>(state.neurons.map(({ uid, hotkey }) => [uid, hotkey]));
  const changed = uids.filter((uid, index) => owners.get(uid) !== hotkeys[index]);
  if (changed.length > 0) throw chainErrors.HOTKEYS_CHANGED({ uids: changed });
}

function checkShape(hotkey: string, { uids, weights }: WeightsCall, state: WeightsState): Neuron {
  const { netuid, neurons } = state;
  if (netuid === 0) throw palletErrors.CanNotSetRootNetworkWeights({});
  if (uids.length !== weights.length)
    throw palletErrors.WeightVecNotEqualSize({ uids: uids.length, weights: weights.length });
  if (uids.length > neurons.length)
    throw palletErrors.UidsLengthExceedUidsInSubNet({ uids: uids.length, neurons: neurons.length });
  return neuronOf(hotkey, state);
}

function neuronOf(hotkey: string, { neurons, netuid }: WeightsState): Neuron {
  const own = neurons.find((neuron) => neuron.hotkey === hotkey);
  if (!own) throw palletErrors.HotKeyNotRegisteredInSubNet({ hotkey, netuid });
  return own;
}

const isOwner = (own: Neuron, { ownerHotkey }: WeightsState): boolean => own.hotkey === ownerHotkey;

function checkStanding(own: Neuron, versionKey: bigint, state: WeightsState): void {
  const { stakeThreshold, weightsVersionKey } = state.parameters;
  if (own.stake < stakeThreshold && !isOwner(own, state)) {
    throw palletErrors.NotEnoughStakeToSetWeights({ stake: String(own.stake), threshold: String(stakeThreshold) });
  }
  if (weightsVersionKey !== 0n && versionKey < weightsVersionKey) {
    throw palletErrors.IncorrectWeightVersionKey({ given: String(versionKey), lowest: String(weightsVersionKey) });
  }
}

/** The first block in which weights may be set or committed again, and the blocks until then; 0 or less: now. */
function waitOf(
  { lastUpdate }: Neuron,
  { block, parameters }: WeightsState,
): { opensAt: number; blocksLeft: number; rateLimit: number } {
  const { weightsRateLimit: rateLimit } = parameters;
  const opensAt = lastUpdate === 0 ? block : lastUpdate + rateLimit;
  return { opensAt, blocksLeft: opensAt - block, rateLimit };
}

function checkTargets(own: Neuron, uids: readonly number[], state: WeightsState): void {
  const { neurons, parameters } = state;
  const forItselfAlone = uids.length === 1 && uids[0] === own.uid;
  if (!forItselfAlone && !own.validatorPermit && !isOwner(own, state))
    throw palletErrors.NeuronNoValidatorPermit({ uid: own.uid });
  const twice = uids.find((uid, index) => uids.indexOf(uid) !== index);
  if (twice !== undefined) throw palletErrors.DuplicateUids({ uid: twice });
  const existing = new Set<number>(neurons.map(({ uid }) => uid));
  const missing = uids.find((uid) => !existing.has(uid));
  if (missing !== undefined) throw palletErrors.UidVecContainInvalidOne({ uid: missing });
  const lowest = Math.min(neurons.length, parameters.minAllowedWeights);
  if (!forItselfAlone && uids.length < lowest) throw palletErrors.WeightVecLengthIsLow({ uids: uids.length, lowest });
}

/** Whether the numbers fit into the types of the call. @throws WEIGHTS_MALFORMED */
export function checkEncoding(submission: WeightsCall): void {
  const parsed = encodable.safeParse(submission);
  if (parsed.success) return;
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw palletErrors.WEIGHTS_MALFORMED({ issues });
}

/**
 * Weights as the chain keeps them: scaled up so that the largest is 65535, in the runtime's fixed-point arithmetic of
 * 32 fractional bits (`vec_max_upscale_to_u16`). All zeros stay zeros.
 */
export function upscaleWeights(weights: readonly number[]): number[] {
  const largest = BigInt(Math.max(0, ...weights));
  if (largest === 0n) return [...weights];
  return weights.map((weight) => {
    const given = BigInt(weight);
    // Above 32768 the product would leave the integer range, so the runtime divides first.
    const scaled = largest > 32_768n ? given * ((65_535n << 32n) / largest) : ((given * 65_535n) << 32n) / largest;
    return Number((scaled + (1n << 31n)) >> 32n);
  });
}
