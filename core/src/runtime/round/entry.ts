import { z } from 'zod';
import type { JudgedContender, RoundRules, RoundVerdict } from '../../judging/verdict.js';
import { judgeRoundInSteps } from '../../judging/verdict.js';
import { finish, type Steps } from '../../judging/steps.js';
import { competitionSchema } from '../../competition/competition-schema.js';
import { finiteScore } from '../../contracts/brands.js';
import { issuesOf } from '../../config/resolve.js';
import { journalErrors } from '../../journal/errors.js';
import type { Json } from '../../contracts/round-journal.js';
import { epsilonFromDescription } from '../../judging/epsilon.js';
import { mergeCompetitions } from '../../judging/moving-average.js';
import { RULES_VERSION } from '../../judging/rules-version.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import { modelReference } from '../../contracts/model.js';
import type { ErrorReport } from '../../errors/assay-error.js';
import { errorReport } from '../../errors/error-report.js';
import { kindErrors } from '../../kinds/errors.js';
import { taskKindNamed, taskKindOf } from '../../kinds/task-kinds.js';
import { asJson } from '../validator-state.js';

const taskOutcome = z.object({
  name: z.string(),
  kind: z.string(),
  rawScore: z.number(),
  samples: z.number(),
  /** Loss of each sample. */
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

/** One recorded round: all that its verdict rests on, and the verdict. */
export const roundEntry = z.object({
  format: z.literal(1),
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
  schedule: z.array(z.object({ id: z.number(), share: z.number() })),
  competition: competitionSchema,
  rules: z.object({ alpha: z.number(), temperature: z.number(), keepThreshold: z.number(), sampleMin: z.number() }),
  samples: z.array(
    z.object({
      task: z.string(),
      dataset: z.string(),
      source: z.string(),
      pages: z.array(z.string()),
      digest: z.string(),
      batches: z.number(),
    }),
  ),
  tokenizer: z.object({ name: z.string(), digest: z.string() }),
  numerics: z.record(z.string(), z.string()),
  contenders: z.array(contender),
  /** Claims of which this machine could not say anything; absent where there were none. */
  unknown: z.array(z.object({ uid: z.number().int(), hotkey: z.string(), code: z.string() })).optional(),
  /** Moving average of this competition before the round, by uid; null before its first. */
  averageBefore: z.array(z.number()).nullable(),
  /** Of the other competitions, for the subnet's weights. */
  otherAverages: z.record(z.string(), z.array(z.number())),
  /** What `judgeRound` says of all this, and the subnet's weights by uid that follow. */
  verdict: z.unknown(),
  subnetWeights: z.array(z.number()),
});
export type RoundEntry = z.infer<typeof roundEntry>;

export interface Judgement {
  verdict: RoundVerdict;
  subnetWeights: number[];
}

/** Judges an entry from what it holds and nothing else: the run and its replay are the same calculation. */
export const judgeEntry = (entry: Omit<RoundEntry, 'verdict' | 'subnetWeights'>): Judgement =>
  finish(judgeEntryInSteps(entry));

/** The same judgement, step by step. */
export function* judgeEntryInSteps(entry: Omit<RoundEntry, 'verdict' | 'subnetWeights'>): Steps<Judgement> {
  const { competition, rules, contenders, averageBefore, otherAverages, schedule, block } = entry;
  const roundRules: RoundRules = {
    ...rules,
    epsilon: epsilonFromDescription(competition.epsilon),
    comparison: competition.comparison,
  };
  const judged = contenders.map((item) => judgedContender(item, competition.tasks));
  const verdict = yield* judgeRoundInSteps(judged, averageBefore ?? undefined, block, roundRules, entry.unknown);
  const averages = new Map(Object.entries(otherAverages).map(([id, average]) => [Number(id), average]));
  if (verdict.average.length > 0) averages.set(competition.id, verdict.average);
  const length = Math.max(0, ...[...averages.values()].map((average) => average.length));
  return { verdict, subnetWeights: mergeCompetitions(averages, schedule, length) };
}

/** The score of a contender from the raw scores of its tasks, or its failure. */
function judgedContender(
  { uid, block, outcome }: EntryContender,
  tasks: RoundEntry['competition']['tasks'],
): JudgedContender {
  const refusal = refusalOf(outcome, tasks);
  if (refusal) return { uid, block, outcome: { status: 'failed', error: refusal } };
  if (outcome.status === 'failed') return { uid, block, outcome };
  const raw = outcome.tasks.flatMap(({ name, rawScore, samples }) => {
    const task = tasks.find((candidate) => candidate.name === name);
    return task
      ? [{ name, rawScore, weight: taskWeight(task.weight, samples), normalization: task.normalization }]
      : [];
  });
  const score = finiteScore(scoreModel(raw).score);
  if (score !== undefined) {
    return {
      uid,
      block,
      outcome: { status: 'scored', score, sequenceLosses: outcome.tasks.flatMap(({ losses }) => losses) },
    };
  }
  const error = kindErrors.NON_FINITE_SCORE({ task: outcome.tasks.map(({ name }) => name).join(', ') });
  return { uid, block, outcome: { status: 'failed', error: error.toReport() } };
}

/**
 * Why a contender has no score, by the evaluation or by the kind of one of its tasks; null where neither refuses it.
 * @throws TASK_KIND_UNKNOWN, TASK_KIND_VERSION, EVIDENCE_INVALID
 */
export function refusalOf(
  outcome: EntryContender['outcome'],
  tasks: RoundEntry['competition']['tasks'],
): ErrorReport | null {
  if (outcome.status === 'failed') return outcome.error;
  for (const { name, losses, kindVersion, evidence } of outcome.tasks) {
    const task = tasks.find((candidate) => candidate.name === name);
    if (!task || kindVersion === undefined || evidence === undefined) continue;
    const { kind } = task;
    const installed = taskKindNamed(kind).version;
    if (installed !== kindVersion) throw kindErrors.TASK_KIND_VERSION({ kind, recorded: kindVersion, installed });
    const { refusal } = taskKindOf(task).judge({ losses, evidence }, name);
    if (refusal) return refusal.toReport();
  }
  return null;
}

/** Whose round it is; undefined when it is no round at all. */
export const hotkeyOf = (value: Json): string | undefined =>
  z.object({ hotkey: z.string() }).safeParse(value).data?.hotkey;

export interface ReplayResult {
  agrees: boolean;
  /** Dotted paths at which the recorded and the recomputed judgement differ. */
  differences: string[];
  judgement: Judgement;
}

/**
 * Judges a recorded entry again and compares with what was recorded, number by number.
 * @throws JOURNAL_EXPORT_MALFORMED when it is not the entry of a round
 */
export function replayEntry(value: Json): ReplayResult {
  const parsed = roundEntry.safeParse(value);
  if (!parsed.success) throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues: issuesOf(parsed.error).slice(0, 5) });
  const entry = parsed.data;
  const judgement = judgeEntry(entry);
  const recorded = asJson({ verdict: entry.verdict, subnetWeights: entry.subnetWeights });
  const differences = differencesOf(recorded, asJson(judgement));
  if (entry.rulesVersion !== RULES_VERSION)
    differences.unshift(`rulesVersion: ${entry.rulesVersion}, this program has ${RULES_VERSION}`);
  return { agrees: differences.length === 0, differences, judgement };
}

function differencesOf(a: Json | undefined, b: Json | undefined, path = ''): string[] {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Object.is(a, b) ? [] : [`${path}: recorded ${JSON.stringify(a)}, recomputed ${JSON.stringify(b)}`];
  }
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.flatMap((key) => differencesOf(left.get(key), right.get(key), path ? `${path}.${key}` : key));
}
