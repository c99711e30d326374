import { createHash } from 'node:crypto';
import type { EvalTask } from '../../competition/competition.js';
import { canonicalJson } from '../../journal/canonical-json.js';
import type { DatasetSample } from '../../contracts/dataset-provider.js';
import type { EvaluationTask, TextLossSamples } from '../../contracts/task-kinds.js';
import { toAssayError } from '../../errors/describe.js';
import { shuffleAndTruncate } from '../../sampling/packing.js';
import type { CompetitionRuntime } from '../competitions.js';
import { report, type RuntimeDeps } from '../context.js';
import { withDeadline } from '../deadline.js';
import { runtimeErrors } from '../errors.js';
import { isAbort } from '../supervise.js';

/** Of the round's time, what one dataset may take: sources that answer slowly end the round's patience, not its deadline. */
const SHARE_OF_ROUND = 4;

type SampleDeps = Pick<RuntimeDeps, 'reporter' | 'clock' | 'profile'>;

/** The first tokens of sequences 0 and 1, and how many to generate after them, as the reference asks. */
const PROMPT_LENGTH = 100;
const GENERATED_TOKENS = 20;

export interface DrawnTask {
  task: EvalTask;
  evaluation: EvaluationTask;
  pages: string[];
  source: string;
  batches: number;
}

/**
 * Samples of every task, in task order, from the round's seed. A dataset that can't be had rejects the round unless the
 * competition prefers to renormalise; one that gives no batch always does.
 */
export async function drawSamples(
  deps: SampleDeps,
  entry: CompetitionRuntime,
  seed: bigint,
  signal: AbortSignal,
): Promise<DrawnTask[]> {
  const drawn: DrawnTask[] = [];
  const { competition } = entry;
  for (const task of competition.tasks) {
    try {
      drawn.push(await drawTask(deps, entry, task, seed, signal));
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
  seed: bigint,
  signal: AbortSignal,
): Promise<DrawnTask> {
  const { competition, tokenizer } = entry;
  const told = { competition: { id: competition.id, name: competition.name }, task: task.name, dataset: task.dataset };
  report(deps, { event: 'sampling-started', ...told, pages: task.pages });
  const sample = await sampleDataset(deps, entry, task, seed, signal);
  const batches = shuffleAndTruncate(sample.batches, seed, task.maxBatches);
  if (batches.length === 0) throw runtimeErrors.DATASET_EMPTY({ ...told, competition: competition.name });
  const samples: TextLossSamples = {
    batches,
    padTokenId: tokenizer.eosTokenId,
    packed: task.packSamples,
    promptLength: PROMPT_LENGTH,
    generatedTokens: GENERATED_TOKENS,
  };
  report(deps, {
    event: 'samples-drawn',
    ...told,
    pages: sample.pages.length,
    batches: batches.length,
    tokens: batches.flat(2).length,
  });
  return {
    task,
    evaluation: { name: task.name, kind: task.kind, samplesDigest: digestOf(samples), samples },
    pages: sample.pages,
    source: sample.source,
    batches: batches.length,
  };
}

async function sampleDataset(
  { profile }: SampleDeps,
  entry: CompetitionRuntime,
  task: EvalTask,
  seed: bigint,
  signal: AbortSignal,
): Promise<DatasetSample> {
  const { competition, tokenizer } = entry;
  const where = { competition: competition.name, task: task.name, dataset: task.dataset };
  const provider = entry.datasets.get(task.name);
  if (!provider) throw runtimeErrors.DATASET_UNAVAILABLE({ ...where, reason: 'no package provides it' });
  try {
    const request = {
      seed,
      tokenizer,
      sequenceLength: competition.constraints.sequenceLength,
      batchSize: task.batchSize,
      pages: task.pages,
      packSamples: task.packSamples,
    };
    const ms = profile.cadences.roundDeadline / SHARE_OF_ROUND;
    return await withDeadline(
      ms,
      signal,
      () => runtimeErrors.DEADLINE({ what: `Drawing from ${task.dataset}`, ms }),
      (limited) => provider.sample(request, limited),
    );
  } catch (error) {
    if (isAbort(error)) throw error;
    throw runtimeErrors.DATASET_UNAVAILABLE({ ...where, reason: toAssayError(error).message }, error);
  }
}

const digestOf = (samples: TextLossSamples): string =>
  createHash('sha256').update(canonicalJson(samples)).digest('hex');
