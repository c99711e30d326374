import { createHash } from 'node:crypto';
import type { EvaluationTask, TextLossSamples } from '@assay/core/contracts/task-kinds';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import type { Sequences } from './sequences-file.js';

const GENERATED_TOKENS = 20;

/** One task that a model is asked, and what it counts. */
export interface Question {
  evaluation: EvaluationTask;
  /** Dataset, or the file. */
  source: string;
  sequences: number;
  tokens: number;
  /** Share of the score. */
  weight: number;
}

export const countTokens = (batches: TextLossSamples['batches']): number =>
  batches.reduce((sum, rows) => sum + rows.reduce((tokens, row) => tokens + row.length, 0), 0);

/** @param noPad an id that occurs nowhere, for sequences that name no pad token: then no position is masked */
export function questionOfSequences(
  { batches, promptLength, padTokenId }: Sequences,
  source: string,
  noPad: number,
): Question {
  const samples: TextLossSamples = {
    batches,
    padTokenId: padTokenId ?? noPad,
    packed: true,
    promptLength,
    generatedTokens: GENERATED_TOKENS,
  };
  const samplesDigest = createHash('sha256').update(canonicalJson(samples)).digest('hex');
  return {
    evaluation: { name: 'sequences', kind: 'text-loss', samplesDigest, samples, extras: ['logits-spot'] },
    source,
    sequences: batches.length,
    tokens: countTokens(batches),
    weight: 1,
  };
}
