import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JournalRecord, NewRecord } from '../contracts/round-journal.js';
import type { VerifiedModel } from '../contracts/model.js';
import { modelReference } from '../contracts/model.js';
import { ruleRecord } from '../contracts/rule.js';
import type { AssayError } from '../errors/assay-error.js';
import { errorReport } from '../errors/error-report.js';
import { joinEntry, type Contents } from '../journal/stored-entry.js';
import type { RuntimeDeps } from './context.js';
import { newRecord } from './new-record.js';

/** How an entrants rule took a claim in: the part of the claim that the rule sees, and the marks that it keeps. */
const claimIntake = z.object({
  by: ruleRecord,
  coldkey: z.string(),
  reference: modelReference,
  /** Hotkeys that held weight, the first of them first. */
  incumbents: z.array(z.string()),
  marks: z.array(z.string()),
});

/** A claim that was looked at or taken in: what the miner committed, and what became of it. */
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
    /** It waits for its turn. */
    z.object({ status: z.literal('queued') }),
    /** It does not count, and costs its miner nothing. */
    z.object({ status: z.literal('ignored'), reason: z.string() }),
    /** It waited, and has left without a round. */
    z.object({ status: z.literal('left'), error: errorReport }),
  ]),
  /** Present where an entrants rule took the claim in or let it leave; the record is then not about a look at the model. */
  intake: claimIntake.optional(),
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

/** A recorded claim, whole; undefined for a record that is none. */
export const claimOf = ({ entry }: Pick<JournalRecord, 'entry'>, contents: Contents): ClaimEntry | undefined =>
  claimEntry.safeParse(joinEntry(entry, contents, 'left-out').entry).data;

/** The record of a claim. The same claim with the same outcome is on record once, however often it is looked at. */
export async function claimRecord(
  { chain, clock, profile }: Pick<RuntimeDeps, 'chain' | 'clock' | 'profile'>,
  look: {
    neuron: { uid: number; hotkey: string };
    commitment: { block: number; data: string };
    block: number;
    competition: number | null;
  },
  outcome: ClaimEntry['outcome'],
  intake?: ClaimEntry['intake'],
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
    ...(intake ? { intake } : {}),
  };
  const record = await newRecord('claim', entry, identity);
  // The tables of the intake say what was taken in; the same may come again after a competition has ended.
  if (intake) return record;
  const code = outcome.status === 'refused' ? outcome.error.code : '';
  const once = createHash('sha256').update(JSON.stringify([hotkey, block, commitment, outcome.status, code]));
  return { ...record, once: once.digest('hex') };
}
