import type { JsonObject } from '@assay/core/model/json-object';
import { isGreedy, issuesOf, type GenerationIssue, type GivenGeneration } from './generation-issue.js';
import { MODES, VALIDATED } from './generation-mode-checks.js';
import { SAMPLING } from './generation-sampling-checks.js';
import { TOKENS } from './generation-token-checks.js';
import { isTrue } from './python-values.js';

/** Arguments of `generate` that a generation config must not have, and names that the class needs for itself. */
const FORBIDDEN = [
  ...[
    'logits_processor',
    'stopping_criteria',
    'prefix_allowed_tokens_fn',
    'synced_gpus',
    'assistant_model',
    'streamer',
  ],
  ...['negative_prompt_ids', 'negative_prompt_attention_mask'],
  ...['__class__', '__dict__', '__weakref__', '__getstate__', '__reduce_ex__'],
  ...[
    'dict_torch_dtype_to_str',
    'get_generation_mode',
    'to_dict',
    'to_diff_dict',
    'to_json_string',
    'update',
    'validate',
  ],
];

/** Why the library does not load a config, whether or not it is the one that counts. */
export const loadIssues = (given: GivenGeneration): GenerationIssue[] => issuesOf(VALIDATED, given);

/** Why a generation config can't be followed: the library refuses it, or this evaluator does not know how. */
export const generationIssues = (given: GivenGeneration): GenerationIssue[] => [
  ...loadIssues(given),
  ...issuesOf(MODES, given),
  ...issuesOf(TOKENS, given),
  ...issuesOf(isGreedy(given) ? {} : SAMPLING, given),
];

const NOT_A_MEMBER = { reason: 'is no member of a generation config', kind: 'refused' } as const;

/** Names in generation_config.json that the library fails on, whatever their value. */
export function forbiddenNames(file: JsonObject): GenerationIssue[] {
  const names = isTrue(file['_from_model_config']) ? ['self'] : ['self', ...FORBIDDEN];
  return names.filter((key) => Object.hasOwn(file, key)).map((key) => ({ key, ...NOT_A_MEMBER }));
}
