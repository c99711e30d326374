import type { Numerics } from '../../contracts/evaluator.js';
import type { TaskKindRule } from '../../contracts/task-kind.js';
import type { Comparison } from '../../judging/compared.js';
import { RULES_VERSION } from '../../judging/rules-version.js';
import { taskKindNamed } from '../../kinds/task-kinds.js';
import { notesWith } from '../../model/entry.js';
import { recordOf } from '../../rules/chosen.js';
import type { RuntimeDeps } from '../context.js';
import { standingOf } from '../standings.js';
import type { UnknownMiner } from '../unknown-claims.js';
import type { EntryContender, RoundSimilarity, UnjudgedRound } from './entry-shape.js';
import type { EvaluatedContender } from './evaluate.js';
import { comparisonsIn } from './judged-entry.js';
import type { RoundPlan } from './plan.js';
import type { DrawnTask } from './sample.js';

/** What a round has found out about its contenders. */
export interface Findings {
  tasks: readonly DrawnTask[];
  numerics: Numerics | Record<string, never>;
  evaluated: readonly EvaluatedContender[];
  similarity?: RoundSimilarity;
}

/** Everything that the verdict rests on, as it will be recorded. */
export function entryOf(
  deps: RuntimeDeps,
  plan: RoundPlan,
  { tasks, numerics, evaluated, similarity, unknown }: Findings & { unknown: readonly UnknownMiner[] },
  hotkey: string,
): UnjudgedRound {
  const { profile, state, clock } = deps;
  const defenders = plan.contenders.flatMap(({ defends }) => defends ?? []);
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
    ...(plan.repetition > 1 ? { repetition: plan.repetition } : {}),
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
    contenders: withComparisons(contenders, comparisonsIn({ similarity, contenders, defenders }, deps.rules)),
    ...(unknown.length > 0 ? { unknown: [...unknown] } : {}),
    ...(similarity ? { similarity } : {}),
    standingBefore: standingOf(deps, plan.entry, plan.now.number) ?? null,
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
