import type { TaskResult } from '../../contracts/evaluation-task.js';
import type {
  KindSamples,
  SampleRows,
  TaskContext,
  TaskKind,
  TaskKindRule,
  TaskRecord,
  TaskVerdict,
} from '../../contracts/task-kind.js';
import type { DatasetSample, SampleRequest } from '../../contracts/dataset-provider.js';
import type { Tokenizer } from '../../contracts/tokenizer.js';
import { shuffleAndTruncate } from '../../sampling/packing.js';
import { kindErrors } from '../errors.js';
import { withoutTokenizer } from '../without-tokenizer.js';
import { textLossCanary } from './canary.js';
import { isReasonableOutput } from './reasonable-output.js';
import {
  textLossDetails,
  textLossEvidence,
  textLossParameters,
  type TextLossEvidence,
  type TextLossParameters,
  type TextLossTask,
} from './schemas.js';

/** Samples that the model continues in the reasonable-output check. */
const PROMPTS = 2;
/** What an evaluator is told where nothing is generated. */
const NO_CONTINUATION = { promptLength: 0, tokens: 1 };

/** Mean cross entropy of text, after the check that the model continues two texts like a language model. */
class TextLoss implements TaskKind {
  readonly better = 'lower';

  constructor(private readonly parameters: TextLossParameters) {}

  request({ seed, tokenizer, sequenceLength }: TaskContext): SampleRequest {
    const { pages = 0, sequences, batchSize, packSamples } = this.parameters;
    return {
      seed,
      tokenizer:
        this.parameters.tokenizer === 'competition'
          ? tokenizer
          : withoutTokenizer(tokenizer.vocabularySize, this.#pad(tokenizer)),
      sequenceLength,
      batchSize,
      pages,
      ...(sequences === undefined ? {} : { sequences }),
      packSamples,
    };
  }

  samples({ batches, clusters }: DatasetSample, { seed, tokenizer }: TaskContext): KindSamples {
    const { shuffle, maxBatches, packSamples, continuation } = this.parameters;
    // The draws of a shuffle depend on the number of items alone: clusters end in the order of their samples.
    const scored = <T>(items: readonly T[]): T[] =>
      shuffle ? shuffleAndTruncate(items, seed, maxBatches) : items.slice(0, maxBatches);
    const samples = scored(batches);
    const { promptLength, tokens } = continuation ?? NO_CONTINUATION;
    const parameters: TextLossTask = {
      padTokenId: this.#pad(tokenizer),
      packed: packSamples,
      promptLength,
      generatedTokens: tokens,
    };
    return {
      samples,
      parameters: { ...parameters },
      prompts: promptsOf(samples, promptLength),
      ...(clusters ? { clusters: scored(clusters) } : {}),
    };
  }

  record({ name, losses, details }: TaskResult, prompts: KindSamples['prompts']): TaskRecord {
    const parsed = textLossDetails.safeParse(details);
    if (!parsed.success || losses.length === 0) throw kindErrors.EVALUATION_ABSENT({ task: name });
    const { generations } = parsed.data;
    const { tokens } = this.parameters.continuation ?? NO_CONTINUATION;
    const [first, second] = prompts.map((rows, index) => lastTokens(rows, generations[index] ?? [], tokens));
    if (!first || !second) return { losses };
    if (first.length === 0 || second.length === 0) throw kindErrors.EVALUATION_ABSENT({ task: name });
    const evidence: TextLossEvidence = { continuations: [first, second] };
    return { losses, evidence };
  }

  judge(record: TaskRecord, task: string): TaskVerdict {
    const score = meanOf(record.losses);
    if (!Number.isFinite(score)) return { refusal: kindErrors.NON_FINITE_SCORE({ task }), score: null };
    if (isReasonable(record, task) === false) return { refusal: kindErrors.UNREASONABLE_OUTPUT({ task }), score };
    return { refusal: null, score, losses: record.losses };
  }

  #pad({ eosTokenId }: Tokenizer): number {
    return this.parameters.padTokenId ?? eosTokenId;
  }
}

/** Verdict of the reasonable-output check on what was recorded; null where nothing was continued. @throws EVIDENCE_INVALID */
export function isReasonable({ evidence }: Pick<TaskRecord, 'evidence'>, task: string): boolean | null {
  if (evidence === undefined) return null;
  const parsed = textLossEvidence.safeParse(evidence);
  if (!parsed.success) throw kindErrors.EVIDENCE_INVALID({ task });
  const [first, second] = parsed.data.continuations;
  return isReasonableOutput(first, second);
}

/** The beginnings of the first two samples; none where there are not two. */
export function promptsOf(samples: readonly SampleRows[], promptLength: number): KindSamples['prompts'] {
  if (promptLength === 0 || samples.length < PROMPTS) return [];
  return samples.slice(0, PROMPTS).map((rows) => rows.map((row) => Array.from(row).slice(0, promptLength)));
}

/**
 * The last tokens of each continued text: where a text ends early, some of them are the prompt's, as in the reference.
 * A model that returns several texts for each prompt has them in the order of the prompts.
 */
function lastTokens(
  prompts: readonly (readonly number[])[],
  generated: readonly (readonly number[])[],
  count: number,
): number[][] {
  const perPrompt = generated.length / prompts.length;
  return generated.map((tokens, place) => [...(prompts[Math.floor(place / perPrompt)] ?? []), ...tokens].slice(-count));
}

const meanOf = (losses: readonly number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

export const textLoss: TaskKindRule = {
  name: 'text-loss',
  version: 1,
  summary: 'Mean cross entropy in nats of text, lower is better, after a check of what the model generates.',
  parameters: textLossParameters,
  examples: [
    { pages: 22, batchSize: 1, packSamples: true, maxBatches: 50 },
    { sequences: 10_000, batchSize: 1, packSamples: true, tokenizer: 'none', padTokenId: 0, continuation: null },
  ],
  bind: (parameters: TextLossParameters): TaskKind => new TextLoss(parameters),
  canary: textLossCanary,
};
