import {
  textLossSamples,
  type EvaluationTask,
  type TaskResult,
  type TextLossSamples,
} from '@assay/core/contracts/task-kinds';
import { isReasonableOutput } from '@assay/core/judging/reasonable-output';
import { evaluatorErrors, modelErrors } from './errors.js';
import type { InspectedModel } from './inspect.js';
import { generate } from './running/generate.js';
import { batchLosses } from './running/losses.js';
import { spotLogits } from './running/spot-logits.js';
import type { SessionOptions } from './running/session.js';

const SPOT_LOGITS = 8;

export interface TaskProgress {
  phase: 'generate' | 'score';
  done: number;
}

/** The reasonable-output check, then the mean loss of every batch. */
export async function evaluateTextLoss(
  model: InspectedModel,
  task: EvaluationTask,
  options: SessionOptions,
  onProgress: (progress: TaskProgress) => void,
): Promise<TaskResult> {
  const samples = usableSamples(model, task);
  onProgress({ phase: 'generate', done: 0 });
  const generations = await continuations(model, samples, options);
  const [first, second] = generations.map((rows, index) => lastTokens(samples, index, rows));
  const losses = await batchLosses(model, samples, options, (done) => {
    onProgress({ phase: 'score', done });
  });
  const broken = losses.findIndex((loss) => !Number.isFinite(loss));
  if (broken >= 0) throw modelErrors.NON_FINITE_LOSS({ task: task.name, batch: broken });
  const logitsSpot =
    task.extras?.includes('logits-spot') === true
      ? await spotLogits(model, samples.batches, SPOT_LOGITS, options)
      : undefined;
  return {
    name: task.name,
    kind: task.kind,
    rawScore: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    samples: losses.length,
    details: {
      losses,
      reasonable: first && second ? isReasonableOutput(first, second) : null,
      generations,
      ...(logitsSpot ? { logitsSpot } : {}),
    },
  };
}

/** 20 tokens after the beginnings of the first two batches; none when there are not two batches that long. */
async function continuations(
  model: InspectedModel,
  samples: TextLossSamples,
  options: SessionOptions,
): Promise<number[][][]> {
  const { promptLength, generatedTokens: count, padTokenId } = samples;
  const prompts = samples.batches.slice(0, 2).map((rows) => rows.map((row) => row.slice(0, promptLength)));
  if (promptLength === 0 || prompts.length < 2) return [];
  const results: number[][][] = [];
  let seenLength = 0;
  for (const rows of prompts) {
    const generated = await generate(model, rows, { ...options, count, padTokenId, seenLength });
    // The last token of a row is generated, but never computed.
    seenLength = (rows[0]?.length ?? 0) + (generated[0]?.length ?? 1) - 1;
    results.push(generated);
  }
  return results;
}

/** The reference judges the last tokens of the whole text: where it ends early, some of them are the prompt's. */
function lastTokens(samples: TextLossSamples, index: number, generated: readonly number[][]): number[][] {
  const { batches, promptLength, generatedTokens } = samples;
  const prompts = (batches[index] ?? []).map((row) => row.slice(0, promptLength));
  const perPrompt = generated.length / prompts.length;
  return generated.map((tokens, place) =>
    [...(prompts[Math.floor(place / perPrompt)] ?? []), ...tokens].slice(-generatedTokens),
  );
}

function usableSamples(model: InspectedModel, task: EvaluationTask): TextLossSamples {
  const refuse = (reason: string): never => {
    throw evaluatorErrors.SAMPLES_INVALID({ task: task.name, reason });
  };
  const parsed = textLossSamples.safeParse(task.samples);
  if (!parsed.success) return refuse(parsed.error.issues[0]?.message ?? 'not of the kind');
  const samples = parsed.data;
  if (samples.batches.length === 0) refuse('there is no batch');
  const vocabularySize = model.architecture.vocabularySize(model.config);
  const limit = model.architecture.maxPositions(model.config);
  for (const [index, rows] of samples.batches.entries()) {
    const length = rows[0]?.length ?? 0;
    if (length < 2 || rows.some((row) => row.length !== length))
      refuse('the rows of a batch need one length of at least 2');
    // The last generated token is never computed with.
    const continued =
      index < 2 && samples.promptLength > 0 ? Math.min(length, samples.promptLength) + samples.generatedTokens - 1 : 0;
    const longest = Math.max(length, continued);
    if (limit !== undefined && longest > limit) throw modelErrors.SEQUENCE_TOO_LONG({ length: longest, limit });
    for (const token of rows.flat())
      if (token >= vocabularySize) throw modelErrors.TOKEN_OUT_OF_RANGE({ token, vocabularySize });
  }
  return samples;
}
