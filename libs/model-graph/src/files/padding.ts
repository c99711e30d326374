import type { JsonDocument } from '@assay/core/model/json-object';
import type { AnyArchitecture } from '../architectures/architecture.js';
import type { Library } from '../library.js';
import { numberOf } from './python-values.js';

/**
 * What is wrong with the id that pads. Every class compares it with a number. A table of embeddings has a row for it,
 * counted from the end where it is negative.
 */
export function paddingIssues(
  { object: raw, floats }: JsonDocument,
  { padsEmbedding, generationDefaults }: AnyArchitecture,
  vocabulary: number,
  library: Library,
): string[] {
  const padding = raw['pad_token_id'] === undefined ? generationDefaults['pad_token_id'] : raw['pad_token_id'];
  if (padding === undefined || padding === null) return [];
  const isFloat = floats.has('pad_token_id');
  if (padsEmbedding !== true) {
    const isFine = library === '5' ? Number.isInteger(padding) && !isFloat : numberOf(padding) !== undefined;
    return isFine ? [] : ['pad_token_id: it must be a number'];
  }
  const isRow = !isFloat && Number.isInteger(padding) && Number(padding) < vocabulary && Number(padding) >= -vocabulary;
  return isRow
    ? []
    : [`pad_token_id: it must be a token of the vocabulary, a whole number from 0 to ${vocabulary - 1}`];
}
