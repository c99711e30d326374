import type { JsonObject } from '@assay/core/model/json-object';
import type { Library } from '../library.js';

/** Keys of config.json from which 4.57 and 5 take how many tokens their cache keeps, in this order. */
const KEYS = ['sliding_window', 'attention_chunk_size'];

/**
 * Tokens that the library's cache keeps of a class whose attention has no window: from 4.57 on the cache reads config.json by
 * itself, so that a longer text goes on otherwise than in one pass.
 * @param reads whether the class reads a key, and its attention follows it
 */
export function cacheWindow(
  config: JsonObject,
  reads: (key: string) => boolean,
  library: Library,
): { window?: number; issues: string[] } {
  if (library === '4.44' || KEYS.some(reads) || reads('layer_types')) return { issues: [] };
  const { layer_types: types = null } = config;
  if (types !== null) return { issues: isAllFull(types) ? [] : ['layer_types: this class has full attention only'] };
  const key = KEYS.find((one) => !isUnset(config[one], library));
  if (key === undefined) return { issues: [] };
  const { [key]: given } = config;
  if (given === true) return { window: 1, issues: [] };
  if (typeof given === 'number' && Number.isInteger(given) && given > 0) return { window: given, issues: [] };
  return { issues: [`${key}: must be a whole number above 0`] };
}

const isAllFull = (types: unknown): boolean =>
  Array.isArray(types) && types.length > 0 && types.every((type) => type === 'full_attention');

const isUnset = (value: unknown, library: Library): boolean =>
  value === undefined || value === null || (library === '4.57' && (value === false || value === 0));
