import type { Json } from '../contracts/round-journal.js';

// With the u flag a proper pair is one code point, so that only lone halves match.
const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * The value with every half of a surrogate pair replaced by U+FFFD, in strings and in names of members. A miner can
 * write such halves into a config.json, and canonical JSON has no form for them: a round must not fail over them.
 */
export function wellFormed(value: Json): Json {
  if (typeof value === 'string') return wellFormedText(value);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(wellFormed);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [wellFormedText(key), wellFormed(member)]));
}

const wellFormedText = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');
const isList = (value: object): value is readonly Json[] => Array.isArray(value);
