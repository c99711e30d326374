import { z } from 'zod';
import { competitionSchema } from '../../competition/competition-schema.js';
import { modelReference } from '../../contracts/model.js';
import { ruleRecord, ruleState } from '../../contracts/rule.js';
import { similarPair } from '../../contracts/similarity.js';
import { errorReport } from '../../errors/error-report.js';

const taskOutcome = z.object({
  name: z.string(),
  kind: z.string(),
  rawScore: z.number(),
  samples: z.number(),
  /** Loss of each sequence, where the kind has them. */
  losses: z.array(z.number()),
  /** Version of the task's kind, which judges `evidence`. An entry without it has the kind's verdict in its outcome. */
  kindVersion: z.number().optional(),
  /** What else the kind judges by; absent where there is nothing. */
  evidence: z.unknown().optional(),
});

const contender = z.object({
  uid: z.number().int(),
  hotkey: z.string(),
  /** Block of the commitment. */
  block: z.number().int(),
  commitment: z.string(),
  reference: modelReference,
  architecture: z.string(),
  parameterCount: z.number(),
  evaluationDigest: z.string(),
  /** What the model's files say and its evaluation does not heed. The verdict does not depend on it. */
  notes: z.array(z.string()).optional(),
  /** Uid whose evaluation this one shares. */
  sameAs: z.number().nullable(),
  outcome: z.discriminatedUnion('status', [
    z.object({ status: z.literal('scored'), tasks: z.array(taskOutcome) }),
    z.object({ status: z.literal('failed'), error: errorReport }),
  ]),
});
export type EntryContender = z.infer<typeof contender>;

const similarity = z.object({
  /** Contenders that have at least half of the later one's weights in common, or as much as a check asks for. */
  pairs: z.array(similarPair),
  /** The entry checks that go by them. Where there are none, the verdict does not depend on the pairs. */
  checks: z.array(ruleRecord),
});
export type RoundSimilarity = z.infer<typeof similarity>;

/** What rounds of every format hold. */
export const commonMembers = {
  rulesVersion: z.number(),
  /** ISO 8601. */
  recordedAt: z.string(),
  netuid: z.number(),
  hotkey: z.string(),
  /** "Now" of epsilon and schedule. */
  block: z.number(),
  blockHash: z.string(),
  syncBlock: z.number(),
  /** Decimal digits. */
  seed: z.string(),
  /** Which round in a row this is for its contenders; 1 when left out. */
  repetition: z.number().int().positive().optional(),
  schedule: z.array(z.object({ id: z.number(), share: z.number() })),
  competition: competitionSchema,
  samples: z.array(
    z.object({
      task: z.string(),
      dataset: z.string(),
      source: z.string(),
      pages: z.array(z.string()),
      digest: z.string(),
      batches: z.number(),
      /** Of each sample the page that it comes from, as an index; absent where the dataset does not say. */
      clusters: z.array(z.number().int().nonnegative()).optional(),
    }),
  ),
  tokenizer: z.object({ name: z.string(), digest: z.string() }),
  numerics: z.record(z.string(), z.string()),
  contenders: z.array(contender),
  /** Claims of which this machine could not say anything; absent where there were none. */
  unknown: z.array(z.object({ uid: z.number().int(), hotkey: z.string(), code: z.string() })).optional(),
};

/** One recorded round: all that its verdict rests on, and the verdict. */
export const roundEntry = z.object({
  format: z.literal(2),
  ...commonMembers,
  /** By which it is judged. */
  rules: z.object({
    epsilon: ruleRecord,
    match: ruleRecord,
    standing: ruleRecord,
    entrants: ruleRecord,
    seed: ruleRecord,
    entryChecks: z.array(ruleRecord),
    keepThreshold: z.number(),
  }),
  /** Everybody who was registered. */
  seats: z.array(z.object({ uid: z.number().int(), hotkey: z.string() })),
  /** Absent where no entry check compares models and none are alike. */
  similarity: similarity.optional(),
  /** Of this competition before the round; null before its first. */
  standingBefore: ruleState.nullable(),
  /** Of the entrants rule before the round; null before the competition's first. */
  entrantsBefore: ruleState.nullable(),
  /** What `judgeRound` says of all this. */
  verdict: z.unknown(),
});
export type RoundEntry = z.infer<typeof roundEntry>;
/** A round that is not judged yet. */
export type UnjudgedRound = Omit<RoundEntry, 'verdict'>;
