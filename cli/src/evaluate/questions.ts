import { sampleCount, tokenCount, type EvaluationTask } from '@assay/core/contracts/evaluation-task';
import type { TaskKind } from '@assay/core/contracts/task-kind';
import { samplesDigest, writeSamples } from '@assay/core/evaluation/write-samples';
import { TASK_KINDS, taskKindNamed } from '@assay/core/kinds/task-kinds';
import type { TextLossTask } from '@assay/core/kinds/text-loss/schemas';
import { promptsOf } from '@assay/core/kinds/text-loss/text-loss';
import type { DrawnTask } from '@assay/core/runtime/round/sample';
import type { Sequences } from './sequences-file.js';

const KIND = 'text-loss';
const GENERATED_TOKENS = 20;

/** One task that a model is asked, and what it counts. */
export interface Question {
  kind: TaskKind;
  evaluation: EvaluationTask;
  prompts: DrawnTask['prompts'];
  /** Dataset, or the file. */
  source: string;
  sequences: number;
  tokens: number;
  /** Of each sample the page that it comes from, as an index; absent where the dataset does not say. */
  clusters?: DrawnTask['clusters'];
  /** Share of the score. */
  weight: number;
}

/**
 * @param noPad an id that occurs nowhere, for sequences that name no pad token: then no position is masked
 * @param scratch folder for the file with the samples
 */
export async function questionOfSequences(
  { batches, promptLength, padTokenId }: Sequences,
  source: string,
  noPad: number,
  scratch: string,
): Promise<Question> {
  const rule = taskKindNamed(KIND, TASK_KINDS);
  const continuation = { promptLength, tokens: GENERATED_TOKENS };
  const parameters = rule.parameters.parse({ pages: 1, batchSize: 1, packSamples: true, continuation });
  const told: TextLossTask = {
    padTokenId: padTokenId ?? noPad,
    packed: true,
    promptLength,
    generatedTokens: GENERATED_TOKENS,
  };
  const samples = await writeSamples(scratch, batches);
  return {
    kind: rule.bind(parameters),
    evaluation: {
      name: 'sequences',
      kind: KIND,
      samplesDigest: samplesDigest(KIND, samples, { ...told }),
      samples,
      parameters: told,
      extras: ['logits-spot'],
    },
    prompts: promptsOf(batches, promptLength),
    source,
    sequences: sampleCount(samples),
    tokens: tokenCount(samples),
    weight: 1,
  };
}
