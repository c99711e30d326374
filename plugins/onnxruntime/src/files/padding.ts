import type { AnyArchitecture } from '../architectures/architecture.js';

/**
 * What is wrong with the id that pads. Every class compares it with a number. A table of embeddings has a row for it,
 * counted from the end where it is negative.
 */
export function paddingIssues(
  raw: Readonly<Record<string, unknown>>,
  { padsEmbedding, generationDefaults }: AnyArchitecture,
  vocabulary: number,
): string[] {
  const padding = raw['pad_token_id'] === undefined ? generationDefaults['pad_token_id'] : raw['pad_token_id'];
  if (padding === undefined || padding === null) return [];
  if (padsEmbedding !== true)
    return typeof padding === 'object' || typeof padding === 'string' ? ['pad_token_id: it must be a number'] : [];
  const isRow = Number.isInteger(padding) && Number(padding) < vocabulary && Number(padding) >= -vocabulary;
  return isRow ? [] : [`pad_token_id: it must be a token of the vocabulary, 0 to ${vocabulary - 1}`];
}
