import { isAssayError } from '@assay/core/errors/assay-error';
import { asUid } from '@assay/core/contracts/brands';
import { checkReveal, upscaleWeights } from '@assay/lib-subtensor-rules';
import { z } from 'zod';
import { account, count } from '../read/numbers.js';
import { PALLET, type SubnetState } from '../read/subnet.js';
import type { TimelockedCommit } from './commits.js';
import { readWeightsState } from './preflight.js';
import { readStoredRound } from './reveal-timing.js';
import { storedValue } from './values.js';
import type { TimelockedFacts, WeightsFacts } from './weights-facts.js';

const pairs = z.array(z.tuple([z.number(), z.number()]));
const pulse = z.looseObject({ signature: z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/) });

/**
 * Whether the chain holds exactly these weights for the validator; those of another hotkey on its uid are not its own.
 * @throws ANSWER_MALFORMED, what `Link.call` throws
 */
export async function isRowInForce(
  subnet: SubnetState,
  { hotkey, facts: { uid, uids, weights } }: { hotkey: string; facts: WeightsFacts },
): Promise<boolean> {
  const owner = await storedValue(subnet, [PALLET, 'Keys'], [subnet.place.netuid, uid], account);
  if (owner !== hotkey) return false;
  const row = (await storedValue(subnet, [PALLET, 'Weights'], [subnet.storageIndex, uid], pairs)) ?? [];
  const scaled = upscaleWeights(weights);
  return row.length === uids.length && row.every(([to, weight], at) => to === uids[at] && weight === scaled[at]);
}

interface NotOpened {
  hotkey: string;
  facts: TimelockedFacts;
  /** Block that has dropped the commit. */
  block: number;
  /** Name of the network, for errors. */
  chain: string;
}

/**
 * Why the chain has dropped a timelocked commit without setting its weights, as far as the state before that block shows:
 * the runtime itself says nothing (subtensor, coinbase/reveal_commits.rs). One line for people.
 */
export async function whyNotOpened(before: SubnetState, own: TimelockedCommit, given: NotOpened): Promise<string> {
  const found = await storedValue(before, ['Drand', 'Pulses'], [own.round], pulse);
  if (!found) return withoutPulse(before, own.round);
  if (!(await opens(own.ciphertext, found.signature)))
    return `its ciphertext does not open with the signature of round ${own.round} of drand`;
  const refusal = await refusalOf(before, given);
  return refusal ?? `block ${given.block} has dropped the commit, and the state before it shows no reason`;
}

async function withoutPulse(before: SubnetState, round: number): Promise<string> {
  const [newest, oldest = 0] = await Promise.all([
    readStoredRound(before),
    storedValue(before, ['Drand', 'OldestStoredRound'], [], count),
  ]);
  if (newest < round) return `round ${round} of drand came too late: the chain had stored up to round ${newest}`;
  if (round < oldest) return `the chain had dropped round ${round} of drand already: its oldest was round ${oldest}`;
  return `the chain has never stored round ${round} of drand`;
}

async function opens(ciphertext: Uint8Array, signature: string): Promise<boolean> {
  const { decryptWithSignature } = await import('@assay/lib-timelock');
  try {
    await decryptWithSignature(ciphertext, signatureBytes(signature));
    return true;
  } catch {
    return false;
  }
}

/** The chain stores a signature as bytes, or as a text of hex (subtensor, coinbase/reveal_commits.rs strips its 0x). */
function signatureBytes(hex: string): Buffer {
  const bytes = Buffer.from(hex.slice(2), 'hex');
  return bytes.subarray(0, 2).toString() === '0x' ? bytes.subarray(2) : bytes;
}

/** What `set_weights` would have refused these weights for. */
async function refusalOf(before: SubnetState, { hotkey, facts, block, chain }: NotOpened): Promise<string | undefined> {
  const row = { uids: facts.uids.map(asUid), weights: facts.weights, versionKey: BigInt(facts.versionKey) };
  try {
    checkReveal(hotkey, row, await readWeightsState(before, block - 1, chain));
    return undefined;
  } catch (error) {
    if (isAssayError(error) && error.fault !== 'network') return `${error.code}: ${error.message}`;
    throw error;
  }
}
