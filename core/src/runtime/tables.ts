import { z } from 'zod';
import { taskResult } from '../contracts/evaluation-task.js';
import { modelFacts, modelReference } from '../contracts/model.js';
import { ruleState } from '../contracts/rule.js';
import { errorReport } from '../errors/error-report.js';
import { tensorList } from '../model/tensor-list.js';
import type { Json } from '../contracts/round-journal.js';
import { plannedSubmission } from './submission-entry.js';

const json: z.ZodType<Json> = z.json();

/** Derived tables of the journal: what a restart needs to go on. Each row is checked when it is read. */

/** Key: hotkey. What became of a miner's newest commitment. */
export const trackedModel = z.object({
  hotkey: z.string(),
  commitment: z.string(),
  /** Block of the commitment. */
  block: z.number(),
  competition: z.number().nullable(),
  reference: modelReference.nullable(),
  /** Present when the model has passed every check; absent when it was refused, with the reason in `error`. */
  facts: modelFacts.nullable(),
  error: errorReport.nullable(),
});
export type TrackedModel = z.infer<typeof trackedModel>;

/** Key: `tensorsDigest` of the facts. Dropped when no verified model has it. */
export { tensorList };

/** Key: competition id. Who is to be judged next. */
export const contenders = z.object({
  /** Hotkeys of new or retried models. */
  pending: z.array(z.string()),
  /** Hotkeys kept from the last round. */
  kept: z.array(z.string()),
});
export type Contenders = z.infer<typeof contenders>;

/** The row of 0.1: a float32 moving average by uid, and the hotkeys that earned it. */
const averageOnly = z.object({ weights: z.array(z.number()), hotkeys: z.array(z.string()) });

/** Key: competition id. What the newest round left, and the rule that wrote it. */
export const standing = z.union([
  ruleState,
  // Neither parameter changes what the rule reads out of a state.
  averageOnly.transform((state) => ({
    by: { rule: 'softmax-average', version: 1, parameters: { temperature: 1, alpha: 0 } },
    state,
  })),
]);
export type { Standing } from '../contracts/standing-rule.js';

/** Key: competition id. What the entrants rule has kept in mind. */
export const entrants = ruleState;

/** Key: competition id, `/`, hotkey. The last three results, oldest first. */
export const history = z.array(
  z.object({
    block: z.number(),
    score: z.number().nullable(),
    winnerBlock: z.number().nullable(),
    winnerScore: z.number().nullable(),
  }),
);
export type History = z.infer<typeof history>;

/**
 * Key: sync block, `/`, evaluation key. What the running round has found out already of a model, or of a part of its samples, so
 * that neither a restart nor a second competition on the same samples computes it again: results, or what the miner has done wrong.
 */
export const storedEvaluation = z.union([z.object({ results: z.array(taskResult) }), z.object({ error: errorReport })]);
export type StoredEvaluation = z.infer<typeof storedEvaluation>;

/** Key: competition id, `/`, number of a round, `/`, a count. Losses of a model that defends its place, computed in that round. */
export const storedLosses = z.object({
  competition: z.number(),
  /** Hex sha256 of the model, the kind and parameters of its task, and the numerics. */
  key: z.string(),
  /** `evaluationDigest` of the model. */
  model: z.string(),
  /** Digests of the samples, one after the other. */
  digests: z.string(),
  losses: z.array(z.number()),
  /** What a result of the model has beside its losses, where it continues nothing. */
  details: z.unknown().optional(),
});
export type StoredLosses = z.infer<typeof storedLosses>;

/** Key: hotkey. A claim that could not be looked at or scored because of this machine. */
export const unknownClaim = z.object({
  commitment: z.string(),
  /** Block of the commitment. */
  block: z.number(),
  /** What failed: the look at the claim, or the evaluation of its model. `known`: nothing, since block `knownAt`. */
  stage: z.enum(['look', 'score', 'known']),
  knownAt: z.number().optional(),
  /** Code of the newest error. */
  code: z.string(),
  /** Block since which claims of this hotkey have been unknown without interruption. */
  since: z.number(),
  /** Tries that failed while the machine was otherwise well. */
  tries: z.number(),
});
export type UnknownClaim = z.infer<typeof unknownClaim>;

/** Key: hotkey. A claim to a repo, revision or file that was not there, or not for everybody, when it was looked at. */
export const missingClaim = z.object({
  commitment: z.string(),
  /** Block of the commitment. */
  block: z.number(),
  /** Code of the newest error. */
  code: z.string(),
  /** Block of the first look that missed it. */
  since: z.number(),
});
export type MissingClaim = z.infer<typeof missingClaim>;

/**
 * Key: hotkey. A claim that another validator has judged, taken over from it. Its model is not verified here yet; what
 * that validator found out goes on as soon as it is, while the claim is the same.
 */
export const importedClaim = z.object({
  commitment: z.string(),
  /** Block of the commitment. */
  block: z.number(),
  /** Competitions that had kept the model for their next round. */
  kept: z.array(z.number()),
  /** Competitions in which it waited to be judged. */
  pending: z.array(z.number()),
});
export type ImportedClaim = z.infer<typeof importedClaim>;

/** Key `intent`: written before a submission. Key `last`: written when the chain holds it. */
export const weightsIntent = z.object({
  /** What is recorded once the outcome is known; absent in a row of version 0.1. */
  submission: plannedSubmission.optional(),
  block: z.number(),
  /** The chain's own record of our last weights when the intent was written. */
  lastUpdate: z.number(),
  uids: z.array(z.number()),
  weights: z.array(z.number()),
  round: z.number(),
  /**
   * The chain client's own, by which it finds the submission again: the newest that it gave. Absent in a row of a version
   * that knew no tickets.
   */
  ticket: json.optional(),
});
export type WeightsIntent = z.infer<typeof weightsIntent>;

export const weightsSet = z.object({
  block: z.number(),
  /** Milliseconds since 1970. */
  at: z.number(),
  uids: z.array(z.number()),
  weights: z.array(z.number()),
  round: z.number(),
  /** Of the chain client; absent in a row of a version that knew no tickets. */
  ticket: json.optional(),
  /** That has set them; absent in an old row. */
  hotkey: z.string().optional(),
  /** First hotkey of each standing that they follow from, by competition; absent in an old row. */
  leaders: z.record(z.string(), z.string()).optional(),
});
export type WeightsSet = z.infer<typeof weightsSet>;

/** Key: block of the commit. Weights of ours that the chain holds and that are not revealed yet. */
export const weightCommit = z.object({
  ticket: json,
  /** Block that holds the commit. */
  block: z.number(),
  /** As the chain client said last. */
  reveal: z.object({ block: z.number(), by: z.enum(['chain', 'validator']) }),
  /** Why the reveal takes longer than planned, as it was reported last. */
  waitsFor: z.string().optional(),
  /** That has committed them; absent in an old row. */
  hotkey: z.string().optional(),
});
export type WeightCommit = z.infer<typeof weightCommit>;

/** Key `own-update` of the table `weights`. What this validator knows of the last update that the chain shows of it. */
export const ownUpdate = z.object({
  hotkey: z.string(),
  uid: z.number(),
  registeredAt: z.number(),
  /** Block at which this registration was seen first. */
  since: z.number(),
  /** Newest last update that is accounted for. */
  lastUpdate: z.number(),
  /** Blocks after it in which something of ours has landed. */
  ours: z.array(z.number()),
});
export type OwnUpdate = z.infer<typeof ownUpdate>;

/** Key `doppelganger` of the table `weights`: another validator sets weights with our hotkey. */
export const doppelganger = z.object({
  /** Of the chain, by the other validator. */
  lastUpdate: z.number(),
  /** The last update that was accounted for. */
  expected: z.number(),
});
export type Doppelganger = z.infer<typeof doppelganger>;

/** Key: the repo, `@`, its revision. A model that defends its place, verified here. Dropped when no competition is defended by it. */
export const defenderModel = z.object({
  reference: modelReference,
  facts: modelFacts,
  /** Text of its config.json. */
  config: z.string(),
});
export type DefenderModel = z.infer<typeof defenderModel>;

/** Key: competition id. What the newest round was made of: an identical one is not judged again. */
export const lastRound = z.object({ number: z.number(), block: z.number(), fingerprint: z.string() });
export type LastRound = z.infer<typeof lastRound>;
