import { repoName } from '../../contracts/model.js';
import { monotonicMs } from '../../contracts/clock.js';
import type { ModelLease } from '../../contracts/model-store.js';
import type { JournalRecord } from '../../contracts/round-journal.js';
import { withScratch } from '../../evaluation/scratch.js';
import { report, type RuntimeDeps } from '../context.js';
import type { ErrorReport } from '../../errors/assay-error.js';
import type { ModelCheck } from '../model-check.js';
import { inSlices } from '../slices.js';
import type { UnknownMiner } from '../unknown-claims.js';
import { newRecord } from '../new-record.js';
import { put } from '../derived-rows.js';
import { defendersBefore, isDefender } from '../../judging/defenders.js';
import type { RoundVerdict } from '../../judging/verdict.js';
import { ContenderComparison, withoutCopies } from './compare.js';
import { dueSamples } from './early-stop.js';
import { judgeEntryInSteps } from './entry.js';
import { entryOf, type Findings } from './entry-of.js';
import type { RoundEntry, UnjudgedRound } from './entry-shape.js';
import { RoundEvaluation, type Ends, type RoundWork } from './evaluate.js';
import { DISK_FAILURES, saysNothing } from './blame.js';
import { IntactModels } from './intact-models.js';
import { KnownLosses } from './known-losses.js';
import type { RoundPlan } from './plan.js';
import { rowsAfter } from './state-rows.js';
import { drawSamples } from './sample.js';
import { capacityOf } from './score-part.js';
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
  const evaluation =
    plan.unknown.length > 0 ? undefined : await inUse(deps, plan, () => evaluate(deps, check, plan, hotkey, signal));
  const found = evaluation ?? NOTHING;
  const { before, verdict, record } = await deps.state.entrantsLock.run(async () => {
    const entry = entryOf(deps, plan, { ...found, unknown: unknownOf(deps, check, plan, found) }, hotkey);
    const judged = await inSlices(judgeEntryInSteps(entry, deps.rules));
    const finished = { entry, verdict: judged, known: evaluation?.known };
    return { before: entry, verdict: judged, record: await recordRound(deps, check, plan, finished) };
  });
  const elapsedMs = monotonicMs(deps.clock) - startedAt;
  tellRound(deps, { plan, entry: before, verdict, record, elapsedMs, work: evaluation?.work });
  return { reasonForVoid: verdict.void };
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

/** What a round has found out, and what it took. */
interface Evaluation extends Findings {
  known: KnownLosses;
  work: RoundWork;
}

async function evaluate(
  deps: RuntimeDeps,
  check: ModelCheck,
  plan: RoundPlan,
  hotkey: string,
  signal: AbortSignal,
): Promise<Evaluation> {
  return withScratch(deps.scratch, async (scratch) => {
    const tasks = await drawSamples(deps, plan.entry, plan.seed, scratch, signal);
    const numerics = await deps.evaluator.numerics(signal);
    const capacity = await capacityOf(deps.evaluator, signal);
    const models = new IntactModels(deps, check, plan.entry);
    const similarity = await new ContenderComparison(deps, plan, models).run(signal);
    const found = { tasks, numerics, ...(similarity ? { similarity } : {}) };
    const { playing, refused } = withoutCopies(deps, plan, similarity);
    const ends: Ends = async (evaluated, asked) => {
      const entry = entryOf(deps, plan, { ...found, evaluated: [...evaluated, ...refused], unknown: [] }, hotkey);
      return inSlices(dueSamples(entry, deps.rules, asked));
    };
    const { id } = plan.entry.competition;
    const known = new KnownLosses(id, tasks, numerics, deps.state.knownLosses(id));
    const evaluation = new RoundEvaluation(deps, models, playing, { tasks, numerics, capacity, known, ends });
    const evaluated = await evaluation.run(signal);
    return { ...found, evaluated: [...evaluated, ...refused], known, work: evaluation.work };
  });
}

/**
 * Claims that void the round: those that could not be looked at, or else contenders that this machine could not score.
 * Once there is a standing, a contender voids the round only where the failure is evidently the machine's: a newcomer
 * whose model no evaluator survives must not hold up the others. Without a canary nothing tells the two apart.
 */
function unknownOf(deps: RuntimeDeps, check: ModelCheck, plan: RoundPlan, { evaluated }: Findings): UnknownMiner[] {
  if (plan.unknown.length > 0) return [...plan.unknown];
  if (!deps.evaluator.canary && !plan.rules.entrants.rule.intake) return [];
  const isFirst = deps.state.standing(plan.entry.competition.id) === undefined;
  return evaluated.flatMap(({ contender: { neuron, defends }, outcome }) => {
    if (defends || outcome.status !== 'failed') return [];
    // The order of a queue decides who reigns, so a contender that this machine could not score keeps its turn.
    if (plan.rules.entrants.rule.intake && outcome.error.fault !== 'miner')
      return [{ uid: neuron.uid, hotkey: neuron.hotkey, code: outcome.error.code }];
    if (!isUnknown(outcome.error)) return [];
    if (check.unknowns.hasWaitedEnough(neuron.hotkey)) return [];
    const { uid, hotkey } = neuron;
    return isFirst || saysNothing(outcome.error) ? [{ uid, hotkey, code: outcome.error.code }] : [];
  });
}

/** Failures of contenders whose turn has not come: they simply wait. */
const NO_TURN = new Set(['ROUND_DEADLINE', 'DEFENDER_NOT_SCORED']);

/** Whether nothing is known of a contender because of this machine. */
const isUnknown = ({ fault, code }: Pick<ErrorReport, 'fault' | 'code'>): boolean =>
  fault !== 'miner' && !NO_TURN.has(code);

/** The round and everything that follows from it, in one commit: after a crash there is all of it or nothing. */
async function recordRound(
  deps: RuntimeDeps,
  check: ModelCheck,
  plan: RoundPlan,
  { entry, verdict, known }: { entry: UnjudgedRound; verdict: RoundVerdict; known: KnownLosses | undefined },
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
      ...(known?.rows(state, (state.journal.head()?.number ?? 0) + 1, defendingAfter(plan, entry, verdict)) ?? []),
      ...unknownRows(check, plan, entry),
      ...rowsAfter(state, entry, verdict),
    ],
  }));
  if (!record) throw new Error('the journal took a round and gave no record');
  return record;
}

/** Digests of the models that defend their places after a round. */
function defendingAfter({ rules }: RoundPlan, { contenders }: UnjudgedRound, { standing }: RoundVerdict): Set<string> {
  const defenders = defendersBefore(rules.standing, standing);
  const defending = contenders.filter((contender) => isDefender(contender, defenders));
  return new Set(defending.map(({ evaluationDigest }) => evaluationDigest));
}

/** Notes who could not be scored, and forgets it of those who were. A defender plays without a claim. */
function unknownRows(
  check: ModelCheck,
  plan: RoundPlan,
  { contenders }: Pick<RoundEntry, 'contenders'>,
): ReturnType<typeof put.model>[] {
  const defending = new Set(plan.contenders.flatMap(({ defends }) => defends?.hotkey ?? []));
  return contenders.flatMap(({ hotkey, commitment, block, outcome }) => {
    if (defending.has(hotkey)) return [];
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
