import type { Neuron, SubnetParameters, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { localChainErrors, palletErrors } from './errors.js';

const u16 = z.number().int().min(0).max(65_535);
const encodable = z.object({
  uids: z.array(u16),
  weights: z.array(u16),
  versionKey: z
    .bigint()
    .min(0n)
    .max(2n ** 64n - 1n),
});

/** What the checks look at: the subnet as the block finds it in which the weights arrive. */
interface WeightsState {
  netuid: number;
  /** Number of that block. */
  block: number;
  neurons: readonly Neuron[];
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
export function checkWeights(hotkey: string, submission: WeightsSubmission, state: WeightsState): Neuron {
  const { netuid, neurons, parameters } = state;
  const { uids, weights, versionKey } = checkEncoding(submission);
  if (parameters.commitRevealEnabled) throw palletErrors.CommitRevealEnabled({ netuid });
  if (netuid === 0) throw palletErrors.CanNotSetRootNetworkWeights({});
  if (uids.length !== weights.length)
    throw palletErrors.WeightVecNotEqualSize({ uids: uids.length, weights: weights.length });
  if (uids.length > neurons.length)
    throw palletErrors.UidsLengthExceedUidsInSubNet({ uids: uids.length, neurons: neurons.length });
  const own = neurons.find((neuron) => neuron.hotkey === hotkey);
  if (!own) throw palletErrors.HotKeyNotRegisteredInSubNet({ hotkey, netuid });
  checkStanding(own, versionKey, state);
  checkTargets(own, uids, state);
  return own;
}

function checkStanding(own: Neuron, versionKey: bigint, { block, parameters }: WeightsState): void {
  const { stakeThreshold, weightsVersionKey, weightsRateLimit } = parameters;
  if (own.stake < stakeThreshold) {
    throw palletErrors.NotEnoughStakeToSetWeights({ stake: String(own.stake), threshold: String(stakeThreshold) });
  }
  if (weightsVersionKey !== 0n && versionKey < weightsVersionKey) {
    throw palletErrors.IncorrectWeightVersionKey({ given: String(versionKey), lowest: String(weightsVersionKey) });
  }
  const blocksLeft = own.lastUpdate === 0 ? 0 : weightsRateLimit - (block - own.lastUpdate);
  if (blocksLeft > 0) throw palletErrors.SettingWeightsTooFast({ blocksLeft, rateLimit: weightsRateLimit });
}

function checkTargets(own: Neuron, uids: readonly number[], { neurons, parameters }: WeightsState): void {
  const forItselfAlone = uids.length === 1 && uids[0] === own.uid;
  if (!forItselfAlone && !own.validatorPermit) throw palletErrors.NeuronNoValidatorPermit({ uid: own.uid });
  const twice = uids.find((uid, index) => uids.indexOf(uid) !== index);
  if (twice !== undefined) throw palletErrors.DuplicateUids({ uid: twice });
  const existing = new Set<number>(neurons.map(({ uid }) => uid));
  const missing = uids.find((uid) => !existing.has(uid));
  if (missing !== undefined) throw palletErrors.UidVecContainInvalidOne({ uid: missing });
  const lowest = Math.min(neurons.length, parameters.minAllowedWeights);
  if (!forItselfAlone && uids.length < lowest) throw palletErrors.WeightVecLengthIsLow({ uids: uids.length, lowest });
}

function checkEncoding(submission: WeightsSubmission): z.infer<typeof encodable> {
  const parsed = encodable.safeParse(submission);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw localChainErrors.WEIGHTS_MALFORMED({ issues });
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
