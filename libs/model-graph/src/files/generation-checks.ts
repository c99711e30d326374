import type { JsonObject } from '@assay/core/model/json-object';
import type { Library } from '../library.js';
import {
  isGreedy,
  issuesOf,
  type GenerationIssue,
  type GivenGeneration,
  type MemberCheck,
} from './generation-issue.js';
import { MODES_LATER, TOKENS_LATER, VALIDATED_LATER } from './generation-later-checks.js';
import { MODES, VALIDATED } from './generation-mode-checks.js';
import { SAMPLING } from './generation-sampling-checks.js';
import { TOKENS } from './generation-token-checks.js';
import { isTrue } from './python-values.js';

/** Arguments of `generate` that a generation config must not have, and names that the class needs for itself. */
const ARGUMENTS = [
  ...['logits_processor', 'stopping_criteria', 'prefix_allowed_tokens_fn', 'synced_gpus', 'assistant_model'],
  ...['streamer', 'negative_prompt_ids', 'negative_prompt_attention_mask'],
];
const OWN_NAMES = [
  ...['__class__', '__dict__', '__weakref__'],
  ...['to_dict', 'to_diff_dict', 'to_json_string', 'update', 'validate'],
];
const COPIED = ['__getstate__', '__reduce_ex__', 'get_generation_mode'];
const FORBIDDEN: Readonly<Record<Library, readonly string[]>> = {
  '4.44': [...ARGUMENTS, ...OWN_NAMES, ...COPIED, 'dict_torch_dtype_to_str'],
  '4.57': [...ARGUMENTS, ...OWN_NAMES, ...COPIED, 'dict_dtype_to_str', 'use_model_defaults'],
  '5': [...ARGUMENTS, ...OWN_NAMES, 'dict_dtype_to_str', '_get_default_generation_params'],
};

type Checks = Readonly<Record<string, MemberCheck>>;

const later = (own: Checks, ofLater: Checks): Readonly<Record<Library, Checks>> => ({
  '4.44': own,
  '4.57': { ...own, ...ofLater },
  '5': { ...own, ...ofLater },
});
const CHECKS = {
  validated: later(VALIDATED, VALIDATED_LATER),
  modes: later(MODES, MODES_LATER),
  tokens: later(TOKENS, TOKENS_LATER),
};

/** Why the library does not load a config, whether or not it is the one that counts. */
export const loadIssues = (given: GivenGeneration): GenerationIssue[] =>
  issuesOf(CHECKS.validated[given.library], given);

/** Why a generation config can't be followed: the library refuses it, or this evaluator does not know how. */
export const generationIssues = (given: GivenGeneration): GenerationIssue[] => [
  ...loadIssues(given),
  ...issuesOf(CHECKS.modes[given.library], given),
  ...issuesOf(CHECKS.tokens[given.library], given),
  ...issuesOf(isGreedy(given) ? {} : SAMPLING, given),
];

const NOT_A_MEMBER = { reason: 'is no member of a generation config', kind: 'refused' } as const;

/** Names in generation_config.json that the library fails on, whatever their value. */
export function forbiddenNames(file: JsonObject, library: Library): GenerationIssue[] {
  const names = isTrue(file['_from_model_config']) ? ['self'] : ['self', ...FORBIDDEN[library]];
  return names.filter((key) => Object.hasOwn(file, key)).map((key) => ({ key, ...NOT_A_MEMBER }));
}
