import type { EvalTask } from '../../competition/competition.js';
import type { DatasetSample } from '../../contracts/dataset-provider.js';
import { sampleCount, tokenCount, type EvaluationTask } from '../../contracts/evaluation-task.js';
import type { KindSamples, TaskContext, TaskKind } from '../../contracts/task-kind.js';
import { toAssayError } from '../../errors/describe.js';
import { samplesDigest, writeSamples } from '../../evaluation/write-samples.js';
import { taskKindOf } from '../../kinds/task-kinds.js';
import type { CompetitionRuntime } from '../competitions.js';
import { report, type RuntimeDeps } from '../context.js';
import { withDeadline } from '../deadline.js';
import { runtimeErrors } from '../errors.js';
import { isAbort } from '../supervise.js';

/** Of the round's time, what one dataset may take: sources that answer slowly end the round's patience, not its deadline. */
const SHARE_OF_ROUND = 4;

type SampleDeps = Pick<RuntimeDeps, 'reporter' | 'clock' | 'profile'>;

export interface DrawnTask {
  task: EvalTask;
  /** The task's kind with its parameters. */
  kind: TaskKind;
  evaluation: EvaluationTask;
  /** What a model is asked to continue. */
  prompts: KindSamples['prompts'];
  pages: string[];
  source: string;
  batches: number;
  /** Of each sample the digest by which a loss that is known from an earlier round is found again. */
  sampleDigests: readonly string[];
  /** Of each sample the page that it comes from, as an index; absent where the dataset does not say. */
  clusters?: KindSamples['clusters'];
}

/**
 * Samples of every task, in task order, from the round's seed. A dataset that can't be had rejects the round unless the
 * competition prefers to renormalise; one that gives no batch always does.
 * @param scratch folder for the files with the samples, which have to stay there while models are evaluated
 */
export async function drawSamples(
  deps: SampleDeps,
  entry: CompetitionRuntime,
  seed: bigint,
  scratch: string,
  signal: AbortSignal,
): Promise<DrawnTask[]> {
  const drawn: DrawnTask[] = [];
  const { competition } = entry;
  for (const task of competition.tasks) {
    try {
      drawn.push(await drawTask(deps, entry, task, { seed, scratch }, signal));
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      if (known.code !== 'DATASET_UNAVAILABLE' || competition.onDatasetFailure === 'skip-round') throw known;
      report(deps, { event: 'warning', error: known.toReport() });
    }
  }
  const [first] = competition.tasks;
  if (drawn.length === 0 && first) {
    const { name: task, dataset } = first;
    throw runtimeErrors.DATASET_UNAVAILABLE({
      competition: competition.name,
      task,
      dataset,
      reason: 'no dataset at all answered',
    });
  }
  return drawn;
}

async function drawTask(
  deps: SampleDeps,
  entry: CompetitionRuntime,
  task: EvalTask,
  { seed, scratch }: { seed: bigint; scratch: string },
  signal: AbortSignal,
): Promise<DrawnTask> {
  const { competition, tokenizer } = entry;
  const told = { competition: { id: competition.id, name: competition.name }, task: task.name, dataset: task.dataset };
  const kind = taskKindOf(task, entry.kinds);
  const context: TaskContext = { seed, tokenizer, sequenceLength: competition.constraints.sequenceLength };
  const { pages, sequences } = kind.request(context);
  report(deps, { event: 'sampling-started', ...told, pages, ...(sequences === undefined ? {} : { sequences }) });
  const sample = await sampleDataset(deps, entry, task, kind, context, signal);
  const { samples, parameters, prompts, clusters } = kind.samples(sample, context);
  const sampleDigests: string[] = [];
  const file = await writeSamples(scratch, samples, (one) => sampleDigests.push(one));
  const batches = sampleCount(file);
  if (batches === 0) throw runtimeErrors.DATASET_EMPTY({ ...told, competition: competition.name });
  report(deps, { event: 'samples-drawn', ...told, pages: sample.pages.length, batches, tokens: tokenCount(file) });
  const digest = samplesDigest(task.kind, file, parameters);
  return {
    task,
    kind,
    evaluation: { name: task.name, kind: task.kind, samplesDigest: digest, samples: file, parameters },
    prompts,
    pages: sample.pages,
    source: sample.source,
    batches,
    sampleDigests,
    ...(clusters ? { clusters } : {}),
  };
}

async function sampleDataset(
  { profile }: SampleDeps,
  entry: CompetitionRuntime,
  task: EvalTask,
  kind: TaskKind,
  context: TaskContext,
  signal: AbortSignal,
): Promise<DatasetSample> {
  const { competition } = entry;
  const where = { competition: competition.name, task: task.name, dataset: task.dataset };
  const provider = entry.datasets.get(task.name);
  if (!provider) throw runtimeErrors.DATASET_UNAVAILABLE({ ...where, reason: 'no package provides it' });
  try {
    const ms = profile.cadences.roundDeadline / SHARE_OF_ROUND;
    return await withDeadline(
      ms,
      signal,
      () => runtimeErrors.DEADLINE({ what: `Drawing from ${task.dataset}`, ms }),
      (limited) => provider.sample(kind.request(context), limited),
    );
  } catch (error) {
    if (isAbort(error)) throw error;
    const { message, hint, fault } = toAssayError(error);
    // What is wrong with a config is mended by its operator: the hint says how.
    const reason = fault === 'config' ? `${message} ${hint}` : message;
    throw runtimeErrors.DATASET_UNAVAILABLE({ ...where, reason }, error);
  }
}
