import { setImmediate as nextTurn } from 'node:timers/promises';
import { rangeOf, type EvaluationTask, type SampleRange } from '@assay/core/contracts/evaluation-task';
import { SampleReader } from '@assay/core/evaluation/read-samples';
import { textLossTask, type TextLossDetails, type TextLossTask } from '@assay/core/kinds/text-loss/schemas';
import { evaluatorErrors, modelErrors } from '../errors.js';
import { generate, type GenerationOptions } from '../generation/generate.js';
import type { Sample } from './engine.js';
import type { LoadedModel } from './loaded-models.js';
import { spotLogits } from './spot-logits.js';

const SPOT_LOGITS = 8;
/** Samples that are continued. */
const PROMPTS = 2;

export interface TextLossListener {
  onGenerate: () => void;
  /** The loss of the sample of this index. */
  onLoss: (sample: number, loss: number) => void;
}

/** One task with its samples, which fit the model. */
interface Work {
  model: LoadedModel;
  reader: SampleReader;
  range: SampleRange;
  told: TextLossTask;
}

/**
 * Continues the beginnings of the first two samples, where the range has them, and computes the loss of every sample.
 * @throws SAMPLES_INVALID and other faults; what `signal` was aborted with
 */
export async function evaluateTextLoss(
  model: LoadedModel,
  task: EvaluationTask,
  { onGenerate, onLoss }: TextLossListener,
  signal: AbortSignal,
): Promise<TextLossDetails> {
  const told = textLossTask.safeParse(task.parameters);
  if (!told.success) throw invalid(task, told.error.issues[0]?.message ?? 'not of the kind');
  const reader = await SampleReader.open(task.samples);
  try {
    const work: Work = { model, reader, range: rangeOf(task), told: told.data };
    requireUsable(work, task);
    onGenerate();
    const generations = await continuations(work);
    for await (const { sample, loss } of model.engine.losses(samplesOf(work, signal), work.told, signal)) {
      if (!Number.isFinite(loss)) throw modelErrors.NON_FINITE_LOSS({ task: task.name, batch: sample });
      onLoss(sample, loss);
    }
    if (task.extras?.includes('logits-spot') !== true) return { generations };
    const logitsSpot = await spotLogits(model.engine, rowsOf(work, signal), SPOT_LOGITS);
    return { generations, logitsSpot };
  } finally {
    await reader.close();
  }
}

/** Samples of the range. A request that was given up ends here: between two of them the process hears of it. */
async function* samplesOf({ reader, range }: Work, signal: AbortSignal): AsyncGenerator<Sample> {
  for (let sample = range.from; sample < range.to; sample += 1) {
    await nextTurn();
    signal.throwIfAborted();
    yield { sample, rows: await reader.rows(sample) };
  }
}

async function* rowsOf(work: Work, signal: AbortSignal): AsyncGenerator<number[][]> {
  for await (const { rows } of samplesOf(work, signal)) yield rows;
}

/** Tokens after the beginnings of the first two samples; none when there are not two, or when the range begins later. */
async function continuations({ model, reader, range, told }: Work): Promise<number[][][]> {
  const { promptLength, generatedTokens: count, padTokenId } = told;
  if (promptLength === 0 || range.from > 0 || reader.count < PROMPTS) return [];
  // One graph at a time is in memory.
  await model.engine.rest();
  const results: number[][][] = [];
  let seenLength = 0;
  for (let sample = 0; sample < PROMPTS; sample += 1) {
    const prompts = (await reader.rows(sample)).map((row) => row.slice(0, promptLength));
    const load: GenerationOptions['load'] = (run) => model.engine.tokenRows(run);
    const generated = await generate(model.opened, prompts, { load, count, padTokenId, seenLength });
    // The last token of a row is generated, but never computed.
    seenLength = (prompts[0]?.length ?? 0) + (generated[0]?.length ?? 1) - 1;
    results.push(generated);
  }
  return results;
}

/** Whether the model can take all samples, whichever part is asked for: then every part has the same outcome. */
function requireUsable({ model: { opened }, reader, range, told }: Work, task: EvaluationTask): void {
  if (range.to > reader.count) throw invalid(task, `there are ${reader.count} samples`);
  const { architecture, config } = opened;
  const limit = architecture.maxPositions(config);
  for (const [index, { length }] of reader.shapes.entries()) {
    if (length < 2) throw invalid(task, 'the rows of a sample need a length of at least 2');
    // The last generated token is never computed with.
    const continued =
      index < PROMPTS && told.promptLength > 0 ? Math.min(length, told.promptLength) + told.generatedTokens - 1 : 0;
    const longest = Math.max(length, continued);
    if (limit !== undefined && longest > limit) throw modelErrors.SEQUENCE_TOO_LONG({ length: longest, limit });
  }
  const vocabularySize = architecture.vocabularySize(config);
  if (reader.highestId >= vocabularySize)
    throw modelErrors.TOKEN_OUT_OF_RANGE({ token: reader.highestId, vocabularySize });
}

const invalid = ({ name }: EvaluationTask, reason: string): Error =>
  evaluatorErrors.SAMPLES_INVALID({ task: name, reason });
