import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Commitment, Neuron } from '../contracts/chain-client.js';
import type { NewRecord } from '../contracts/round-journal.js';
import type { VerifiedModel } from '../contracts/model.js';
import { modelReference } from '../contracts/model.js';
import type { AssayError } from '../errors/assay-error.js';
import { errorReport } from '../errors/error-report.js';
import type { RuntimeDeps } from './context.js';
import { newRecord } from './new-record.js';

/** A claim that was taken in: what the miner committed, and what became of it. */
export const claimEntry = z.object({
  type: z.literal('claim'),
  format: z.literal(2),
  /** ISO 8601. */
  recordedAt: z.string(),
  netuid: z.number(),
  /** Of the validator. */
  hotkey: z.string(),
  /** At which the claim was looked at. */
  block: z.number(),
  claim: z.object({
    uid: z.number(),
    /** Of the miner. */
    hotkey: z.string(),
    /** Of the commitment. */
    block: z.number(),
    commitment: z.string(),
    /** Null when the commitment can't be read. */
    competition: z.number().nullable(),
  }),
  outcome: z.discriminatedUnion('status', [
    z.object({
      status: z.literal('accepted'),
      reference: modelReference,
      architecture: z.string(),
      parameterCount: z.number(),
      evaluationDigest: z.string(),
    }),
    z.object({ status: z.literal('refused'), error: errorReport }),
  ]),
});
export type ClaimEntry = z.infer<typeof claimEntry>;

export const accepted = ({ reference, facts }: VerifiedModel): ClaimEntry['outcome'] => ({
  status: 'accepted',
  reference,
  architecture: facts.architecture,
  parameterCount: facts.parameterCount,
  evaluationDigest: facts.evaluationDigest,
});

export const refused = (error: AssayError): ClaimEntry['outcome'] => ({ status: 'refused', error: error.toReport() });

/** The record of a claim. The same claim with the same outcome is on record once, however often it is looked at. */
export async function claimRecord(
  { chain, clock, profile }: Pick<RuntimeDeps, 'chain' | 'clock' | 'profile'>,
  look: { neuron: Neuron; commitment: Commitment; block: number; competition: number | null },
  outcome: ClaimEntry['outcome'],
): Promise<NewRecord> {
  const identity = await chain.identity();
  const { uid, hotkey } = look.neuron;
  const { block, data: commitment } = look.commitment;
  const entry: ClaimEntry = {
    type: 'claim',
    format: 2,
    recordedAt: new Date(clock.now()).toISOString(),
    netuid: profile.netuid,
    hotkey: identity.hotkey,
    block: look.block,
    claim: { uid, hotkey, block, commitment, competition: look.competition },
    outcome,
  };
  const code = outcome.status === 'refused' ? outcome.error.code : '';
  const once = createHash('sha256').update(JSON.stringify([hotkey, block, commitment, outcome.status, code]));
  return { ...(await newRecord('claim', entry, identity)), once: once.digest('hex') };
}
