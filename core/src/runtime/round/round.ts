import { repoName } from '../../contracts/model.js';
import { monotonicMs } from '../../contracts/clock.js';
import type { Numerics } from '../../contracts/evaluator.js';
import type { ModelLease } from '../../contracts/model-store.js';
import type { JournalRecord } from '../../contracts/round-journal.js';
import { withScratch } from '../../evaluation/scratch.js';
import { taskKindNamed } from '../../kinds/task-kinds.js';
import { RULES_VERSION } from '../../judging/rules-version.js';
import { report, type RuntimeDeps } from '../context.js';
import type { TaskKindRule } from '../../contracts/task-kind.js';
import type { ErrorReport } from '../../errors/assay-error.js';
import type { ModelCheck } from '../model-check.js';
import { inSlices } from '../slices.js';
import type { UnknownMiner } from '../unknown-claims.js';
import { newRecord } from '../new-record.js';
import { put } from '../validator-state.js';
import type { Comparison } from '../../judging/compared.js';
import type { RoundVerdict } from '../../judging/verdict.js';
import { notesWith } from '../../model/entry.js';
import { recordOf } from '../../rules/chosen.js';
import { ContenderComparison, withoutCopies } from './compare.js';
import { comparisonsIn, judgeEntryInSteps } from './entry.js';
import type { EntryContender, RoundEntry, RoundSimilarity, UnjudgedRound } from './entry-shape.js';
import { capacityOf, RoundEvaluation, type EvaluatedContender } from './evaluate.js';
import { DISK_FAILURES, saysNothing } from './blame.js';
import { IntactModels } from './intact-models.js';
import type { RoundPlan } from './plan.js';
import { rowsAfter } from './state-rows.js';
import { drawSamples, type DrawnTask } from './sample.js';
import { tellRound } from './tell.js';

/** One round of one competition, from samples to the recorded verdict. Nothing is kept of a round that does not end. */
export async function runRound(
  deps: RuntimeDeps,
  check: ModelCheck,
  plan: RoundPlan,
  hotkey: string,
  signal: AbortSignal,
): Promise<{ reasonForVoid: ErrorReport | null }> {
  const startedAt = monotonicMs(deps.clock);
  const { competition } = plan.entry;
  report(deps, {
    event: 'round-started',
    competition: { id: competition.id, name: competition.name },
    block: plan.now.number,
    syncBlock: plan.syncBlock,
    seed: plan.seed.toString(),
    contenders: plan.contenders.map(({ neuron, model }) => ({
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: repoName(model.reference),
    })),
  });
  const found = plan.unknown.length > 0 ? NOTHING : await inUse(deps, plan, () => evaluate(deps, check, plan, signal));
  const before = entryOf(deps, plan, { ...found, unknown: unknownOf(deps, check, plan, found) }, hotkey);
  const verdict = await inSlices(judgeEntryInSteps(before, deps.rules));
  const record = await recordRound(deps, check, plan, before, verdict);
  tellRound(deps, { plan, entry: before, verdict, record, elapsedMs: monotonicMs(deps.clock) - startedAt });
  return { reasonForVoid: verdict.void };
}

/** What a round has found out about its contenders. */
interface Findings {
  tasks: readonly DrawnTask[];
  numerics: Numerics | Record<string, never>;
  evaluated: readonly EvaluatedContender[];
  similarity?: RoundSimilarity;
}

/** Of a round that is void before it begins: evaluating would be for nothing. */
const NOTHING: Findings = { tasks: [], numerics: {}, evaluated: [] };

/** While work is under way no process removes a contender's model. */
async function inUse<T>({ store }: RuntimeDeps, { contenders }: RoundPlan, work: () => Promise<T>): Promise<T> {
  const leases: ModelLease[] = [];
  try {
    for (const { model } of contenders) leases.push(await store.lease(model.reference));
    return await work();
  } finally {
    for (const lease of leases) await lease.release();
  }
}

async function evaluate(deps: RuntimeDeps, check: ModelCheck, plan: RoundPlan, signal: AbortSignal): Promise<Findings> {
  return withScratch(deps.scratch, async (scratch) => {
    const tasks = await drawSamples(deps, plan.entry, plan.seed, scratch, signal);
    const numerics = await deps.evaluator.numerics(signal);
    const capacity = await capacityOf(deps.evaluator, signal);
    const models = new IntactModels(deps, check);
    const similarity = await new ContenderComparison(deps, plan, models).run(signal);
    const { playing, refused } = withoutCopies(deps, plan, similarity);
    const evaluated = await new RoundEvaluation(deps, models, playing, tasks, numerics, capacity).run(signal);
    return { tasks, numerics, evaluated: [...evaluated, ...refused], ...(similarity ? { similarity } : {}) };
  });
}

/**
 * Claims that void the round: those that could not be looked at, or else contenders that this machine could not score.
 * Once there is a standing, a contender voids the round only where the failure is evidently the machine's: a newcomer
 * whose model no evaluator survives must not hold up the others. Without a canary nothing tells the two apart.
 */
function unknownOf(deps: RuntimeDeps, check: ModelCheck, plan: RoundPlan, { evaluated }: Findings): UnknownMiner[] {
  if (plan.unknown.length > 0 || !deps.evaluator.canary) return [...plan.unknown];
  const isFirst = deps.state.standing(plan.entry.competition.id) === undefined;
  return evaluated.flatMap(({ contender: { neuron }, outcome }) => {
    if (outcome.status !== 'failed' || !isUnknown(outcome.error)) return [];
    if (check.unknowns.hasWaitedEnough(neuron.hotkey)) return [];
    const { uid, hotkey } = neuron;
    return isFirst || saysNothing(outcome.error) ? [{ uid, hotkey, code: outcome.error.code }] : [];
  });
}

/** Whether nothing is known of a contender because of this machine. Whose turn has not come simply waits. */
const isUnknown = ({ fault, code }: Pick<ErrorReport, 'fault' | 'code'>): boolean =>
  fault !== 'miner' && code !== 'ROUND_DEADLINE';

/** Everything that the verdict rests on, as it will be recorded. */
function entryOf(
  deps: RuntimeDeps,
  plan: RoundPlan,
  { tasks, numerics, evaluated, similarity, unknown }: Findings & { unknown: UnknownMiner[] },
  hotkey: string,
): UnjudgedRound {
  const { profile, state, clock } = deps;
  const { competition, tokenizer } = plan.entry;
  const contenders = evaluated
    .map((one) => entryContender(one, plan.entry.kinds))
    .sort((a, b) => a.block - b.block || a.uid - b.uid);
  return {
    format: 2,
    rulesVersion: RULES_VERSION,
    recordedAt: new Date(clock.now()).toISOString(),
    netuid: profile.netuid,
    hotkey,
    block: plan.now.number,
    blockHash: plan.now.hash,
    syncBlock: plan.syncBlock,
    seed: plan.seed.toString(),
    schedule: plan.schedule.map(({ id, share }) => ({ id, share })),
    competition: {
      ...competition,
      entryChecks: competition.entryChecks ? [...competition.entryChecks] : undefined,
      judges: competition.judges ? [...competition.judges] : undefined,
      constraints: { ...competition.constraints, architectures: [...competition.constraints.architectures] },
      // A record holds no path of this machine: a tokenizer's files are named by their digest, data stands under `samples`.
      tokenizer:
        competition.tokenizer.kind === 'folder'
          ? { kind: 'folder' as const, path: `sha256:${tokenizer.digest}` }
          : competition.tokenizer,
      tasks: competition.tasks.map((task) => ({ ...task, datasetOptions: undefined })),
    },
    rules: { ...recordOf(plan.rules), keepThreshold: profile.keepThreshold },
    seats: plan.snapshot.neurons.map(({ uid, hotkey: held }) => ({ uid, hotkey: held })),
    samples: tasks.map(({ task, evaluation, pages, source, batches, clusters }) => ({
      task: task.name,
      dataset: task.dataset,
      source,
      pages,
      digest: evaluation.samplesDigest,
      batches,
      ...(clusters ? { clusters: [...clusters] } : {}),
    })),
    tokenizer: {
      name: competition.tokenizer.kind === 'folder' ? 'folder' : tokenizer.name,
      digest: tokenizer.digest,
    },
    numerics,
    contenders: withComparisons(contenders, comparisonsIn({ similarity, contenders }, deps.rules)),
    ...(unknown.length > 0 ? { unknown } : {}),
    ...(similarity ? { similarity } : {}),
    standingBefore: state.standing(competition.id) ?? null,
    entrantsBefore: state.entrants(competition.id) ?? null,
  };
}

function entryContender(
  { contender: { neuron, model }, outcome }: EvaluatedContender,
  kinds: readonly TaskKindRule[],
): EntryContender {
  return {
    uid: neuron.uid,
    hotkey: neuron.hotkey,
    block: model.block,
    commitment: model.commitment,
    reference: model.reference,
    architecture: model.facts.architecture,
    parameterCount: model.facts.parameterCount,
    evaluationDigest: model.facts.evaluationDigest,
    ...(model.facts.notes ? { notes: model.facts.notes } : {}),
    sameAs: outcome.sameAs,
    outcome:
      outcome.status === 'failed'
        ? { status: 'failed', error: outcome.error.toReport() }
        : {
            status: 'scored',
            tasks: outcome.judged.map(({ name, kind, record: { losses, evidence }, score }) => ({
              name,
              kind,
              rawScore: score,
              samples: losses.length,
              losses: [...losses],
              kindVersion: taskKindNamed(kind, kinds).version,
              ...(evidence === undefined ? {} : { evidence }),
            })),
          },
  };
}

/** Contenders with what is suspicious about them beside others among their notes. */
const withComparisons = (
  contenders: readonly EntryContender[],
  comparisons: readonly Comparison[] = [],
): EntryContender[] =>
  contenders.map((contender) => {
    const found = comparisons.find(({ uid }) => uid === contender.uid);
    return found ? { ...contender, ...notesWith(contender.notes, found.suspicions) } : contender;
  });

/** The round and everything that follows from it, in one commit: after a crash there is all of it or nothing. */
async function recordRound(
  deps: RuntimeDeps,
  check: ModelCheck,
  plan: RoundPlan,
  entry: UnjudgedRound,
  verdict: RoundVerdict,
): Promise<JournalRecord> {
  const { state, chain } = deps;
  const { competition } = plan.entry;
  const identity = await chain.identity();
  const append = await newRecord('round', { ...entry, verdict }, identity);
  const record = await state.change(() => ({
    append,
    put: [
      ...(canGoBetter(entry, verdict)
        ? []
        : [
            put.lastRound(competition.id, {
              number: (state.journal.head()?.number ?? 0) + 1,
              block: plan.now.number,
              fingerprint: plan.fingerprint,
            }),
          ]),
      ...state.staleEvaluations(plan.syncBlock).map(put.forgetEvaluation),
      ...unknownRows(check, entry),
      ...rowsAfter(state, entry, verdict),
    ],
  }));
  if (!record) throw new Error('the journal took a round and gave no record');
  return record;
}

/** Notes who could not be scored, and forgets it of those who were. */
function unknownRows(
  check: ModelCheck,
  { contenders }: Pick<RoundEntry, 'contenders'>,
): ReturnType<typeof put.model>[] {
  return contenders.flatMap(({ hotkey, commitment, block, outcome }) => {
    if (outcome.status === 'scored' || outcome.error.fault === 'miner') return check.unknowns.cleared(hotkey);
    if (!isUnknown(outcome.error)) return [];
    // The canary was scored: the machine was otherwise well, but for its disk.
    const counts = !DISK_FAILURES.has(outcome.error.code);
    return check.unknowns.noted(hotkey, { commitment, block, stage: 'score' }, outcome.error, counts);
  });
}

/** A void round that was not the miners' doing is worth another try with the same samples; others wait for new ones. */
export const canGoBetter = (entry: Pick<RoundEntry, 'contenders'>, verdict: { void: unknown }): boolean =>
  verdict.void !== null &&
  entry.contenders.some(({ outcome }) => outcome.status === 'failed' && outcome.error.fault !== 'miner');
