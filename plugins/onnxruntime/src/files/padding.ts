import type { JsonDocument } from '@assay/core/model/json-object';
import type { AnyArchitecture } from '../architectures/architecture.js';

/**
 * What is wrong with the id that pads. Every class compares it with a number. A table of embeddings has a row for it,
 * counted from the end where it is negative.
 */
export function paddingIssues(
  { object: raw, floats }: JsonDocument,
  { padsEmbedding, generationDefaults }: AnyArchitecture,
  vocabulary: number,
): string[] {
  const padding = raw['pad_token_id'] === undefined ? generationDefaults['pad_token_id'] : raw['pad_token_id'];
  if (padding === undefined || padding === null) return [];
  if (padsEmbedding !== true)
    return typeof padding === 'object' || typeof padding === 'string' ? ['pad_token_id: it must be a number'] : [];
  const isFloat = floats.has('pad_token_id');
  const isRow = !isFloat && Number.isInteger(padding) && Number(padding) < vocabulary && Number(padding) >= -vocabulary;
  return isRow
    ? []
    : [`pad_token_id: it must be a token of the vocabulary, a whole number from 0 to ${vocabulary - 1}`];
}
