import { randomBytes } from 'node:crypto';
import type { Json } from '@assay/core/contracts/round-journal';
import type { WeightsSubmission } from '@assay/core/contracts/chain-client';
import { encryptToRound, OVERHEAD_BYTES } from '@assay/lib-timelock';
import { z } from 'zod';
import { PALLET, type SubnetState } from '../read/subnet.js';
import { answerAs } from '../rpc/greeting.js';
import { blockTimeOf } from '../runtime/block-time.js';
import type { Draft, MakeDraft } from './draft.js';
import { preflight, readWeightsState } from './preflight.js';
import { inclusionAfter, subnetAt, type PlaceDeps } from './place.js';
import { readRevealTiming, type RevealTiming } from './reveal-timing.js';
import { argumentsOf, weightsCall, type WeightsCall } from './weights-calls.js';
import { blake2, commitHash, timelockedPayload, type CommittedRow } from './weights-bytes.js';
import { weightsErrors } from './weights-errors.js';
import type { WeightsFacts } from './weights-facts.js';

/** Bytes of a timelocked commit that the chain takes (subtensor, lib.rs, MAX_CRV3_COMMIT_SIZE_BYTES). */
const MOST_COMMIT_BYTES = 5000;
/** Numbers of 16 bits in the salt of a commit by hash. */
const SALT_LENGTH = 8;

/** Weights and the chain as it is when they are signed. */
interface Plan {
  subnet: SubnetState;
  chosen: WeightsCall;
  row: CommittedRow & { uid: number };
  timing: () => Promise<RevealTiming>;
}

/**
 * Weights as the chain takes them at the moment of signing: set plainly, or committed where the subnet wants that.
 * @throws HOTKEYS_CHANGED; what the chain would refuse, by the chain's own name; CONSENSUS_TAKES_NO_WEIGHTS,
 *   COMMIT_TOO_LONG, COMMIT_CALL_UNKNOWN, EPOCHS_STOPPED; what `Link.call` throws
 */
export function weightsDraft(submission: WeightsSubmission, hotkey: string, deps: PlaceDeps): MakeDraft {
  return async (signal, at) => {
    const { place, link } = deps;
    const subnet = await subnetAt(deps, at, signal);
    const state = await readWeightsState(subnet, at.number, place.chain);
    const chosen = weightsCall(subnet, state.parameters.commitRevealEnabled);
    const { uid } = await preflight(subnet, { hotkey, ...chosen, submission, state });
    const timing = (): Promise<RevealTiming> =>
      readRevealTiming(subnet, {
        block: at.number,
        inclusion: inclusionAfter(at, link),
        blockTimeMs: blockTimeOf(subnet.runtime) ?? link.blockTimeMs,
      });
    return DRAFTS[chosen.kind]({ subnet, chosen, row: { hotkey, uid, ...submission }, timing });
  };
}

const DRAFTS: Readonly<Record<WeightsFacts['kind'], (plan: Plan) => Promise<Draft>>> = {
  set: async (plan) => {
    const { uids, weights, versionKey } = plan.row;
    return Promise.resolve(draftOf(plan, { dests: uids, weights, versionKey }, { kind: 'set' }));
  },
  timelocked: async (plan) => {
    const { subnet, row } = plan;
    const { registry } = subnet.runtime;
    const payload = timelockedPayload(registry, row);
    const bytes = payload.length + OVERHEAD_BYTES;
    if (bytes > MOST_COMMIT_BYTES)
      throw weightsErrors.COMMIT_TOO_LONG({ uids: row.uids.length, bytes, limitBytes: MOST_COMMIT_BYTES });
    const { block: revealBlock, round } = await plan.timing();
    const ciphertext = await encryptToRound(payload, round);
    const values = {
      commit: `0x${Buffer.from(ciphertext).toString('hex')}`,
      revealRound: round,
      commitRevealVersion: await readCommitVersion(subnet),
    };
    return draftOf(plan, values, {
      kind: 'timelocked',
      round,
      revealBlock,
      commitHash: blake2(registry, ciphertext),
    });
  },
  hash: async (plan) => {
    const { subnet, row } = plan;
    const salt = [...new Uint16Array(Uint8Array.from(randomBytes(2 * SALT_LENGTH)).buffer)];
    const hash = commitHash(subnet.runtime.registry, subnet.storageIndex, row, salt);
    const { block: revealBlock } = await plan.timing();
    return draftOf(plan, { commitHash: hash }, { kind: 'hash', salt, revealBlock, commitHash: hash });
  },
};

function draftOf(
  { subnet, chosen, row }: Plan,
  values: Readonly<Record<string, unknown>>,
  facts: Readonly<Record<string, Json>>,
): Draft {
  const { netuid, mechanism } = subnet.place;
  const { uid, uids, weights, versionKey } = row;
  return {
    pallet: PALLET,
    call: chosen.call,
    args: argumentsOf(subnet, chosen, { netuid, mecid: mechanism, ...values }),
    purpose: `${chosen.kind === 'set' ? '' : 'a commit of '}weights for ${uids.length} uids of subnet ${netuid}`,
    facts: { uid, uids, weights, versionKey: String(versionKey), ...facts },
  };
}

/** The version that the chain asks commits for. */
async function readCommitVersion(subnet: SubnetState): Promise<number> {
  const item = 'CommitRevealWeightsVersion';
  const { [item]: version } = await subnet.items([], [item]);
  return answerAs(z.number().int().default(0), item, version);
}
