import type { JsonObject } from '@assay/core/model/json-object';
import { isTrue } from '../files/python-values.js';
import { libraryName, type Library } from '../library.js';
import type { AnyArchitecture } from './architecture.js';

/** No schema takes it. */
const NO_VALUE = Symbol('no value of a config');

/** What is wrong with a key that the class does not read; nothing where it is fine. */
type Check = (value: unknown, raw: JsonObject) => string | undefined;

const isAbsent = (value: unknown): boolean => value === undefined || value === null;
const FORGETS = 'must be absent: the cache would forget tokens that the attention sees';

/** The cache of later versions is made from these keys, whatever the class makes of them. */
const OF_THE_CACHE: Readonly<Record<string, Check>> = {
  sliding_window: (value, { n_positions: older, max_position_embeddings: positions = older }) =>
    isAbsent(value) || (typeof value === 'number' && typeof positions === 'number' && value >= positions)
      ? undefined
      : FORGETS,
  attention_chunk_size: (value) => (isAbsent(value) ? undefined : FORGETS),
  layer_types: (value, { num_hidden_layers: count }) =>
    isAbsent(value) ||
    (Array.isArray(value) && value.length === count && value.every((type) => type === 'full_attention'))
      ? undefined
      : FORGETS,
  num_kv_shared_layers: (value) => (value === undefined ? undefined : FORGETS),
};

/** Keys that 5 reads for every class. */
const OF_EVERY_CLASS: Readonly<Record<string, Check>> = {
  is_causal: (value) =>
    value === undefined || isTrue(value) ? undefined : 'must be true: tokens would see later ones',
  per_layer_config: (value) =>
    isAbsent(value) ? undefined : 'must be absent: layers of unlike shapes are not followed',
};

/** Keys that a class does not read, and with which the version computes other numbers than the class says. */
export function hiddenKeyIssues(raw: JsonObject, architecture: AnyArchitecture, library: Library): string[] {
  if (library === '4.44') return [];
  const checks = { ...OF_THE_CACHE, ...(library === '5' ? OF_EVERY_CLASS : {}) };
  const isRead = (key: string): boolean => !architecture.config.safeParse({ ...raw, [key]: NO_VALUE }).success;
  return Object.entries(checks).flatMap(([key, check]) => {
    const issue = Object.hasOwn(raw, key) ? check(raw[key], raw) : undefined;
    return issue === undefined || isRead(key) ? [] : [`${key}: ${issue} (${libraryName(library)})`];
  });
}
