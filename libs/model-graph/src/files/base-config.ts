import type { JsonDocument, JsonObject } from '@assay/core/model/json-object';
import type { AnyArchitecture } from '../architectures/architecture.js';
import type { Library } from '../library.js';
import { CHECKS_OF_457, FORBIDDEN_IN_457 } from './base-config-457.js';
import { CHECKS_OF_5, FORBIDDEN_IN_5 } from './base-config-5.js';
import {
  isObject,
  needsNumberedKeys,
  searchable,
  share,
  torchType,
  type KeyCheck,
  type KeyChecks,
} from './config-keys.js';
import { NESTED_CONFIGS } from './generation-source.js';
import { isTrue, numberOf } from './python-values.js';

const PROBLEMS: readonly unknown[] = ['regression', 'single_label_classification', 'multi_label_classification'];
const ATTENTIONS: readonly unknown[] = ['eager', 'sdpa', 'flash_attention_2'];
const attention: KeyCheck = (value) =>
  value === null || ATTENTIONS.includes(value) ? undefined : 'must be eager, sdpa or flash_attention_2';

/** Keys that the base class of all configs reads, and the values with which every version fails, unless it has its own check. */
const CHECKS: KeyChecks = {
  return_dict: (value) => (isTrue(value) ? undefined : 'must be true: the logits are read by name'),
  id2label: (value) =>
    value === null || needsNumberedKeys(value) ? undefined : 'must be an object whose keys are whole numbers',
  _attn_implementation: attention,
  auto_map: searchable,
  attribute_map: (value, config) => (isTrue(value) ? 'must be empty' : searchable(value, config)),
};

/** Of 4.44, and of 4.57 where it has none of its own. */
const CHECKS_OF_4: KeyChecks = {
  pruned_heads: (value) => (isObject(value) && Object.keys(value).length === 0 ? undefined : 'must be empty'),
  label2id: (value) => (value === null || isObject(value) ? undefined : 'must be an object'),
  num_labels: (value, { id2label = null }) =>
    id2label !== null || Number.isInteger(numberOf(value)) ? undefined : 'must be a whole number',
  problem_type: (value) => (value === null || PROBLEMS.includes(value) ? undefined : 'is none that the library knows'),
  torch_dtype: torchType,
  _attn_implementation_internal: attention,
  quantization_config: (value) => (value === null ? 'must be absent' : undefined),
};

const NESTED: KeyChecks = Object.fromEntries(NESTED_CONFIGS.map((name) => [name, searchable]));

const CHECKS_OF: Readonly<Record<Library, KeyChecks>> = {
  '4.44': { ...CHECKS, ...CHECKS_OF_4, ...NESTED },
  '4.57': { ...CHECKS, ...CHECKS_OF_4, ...CHECKS_OF_457 },
  '5': { ...CHECKS, ...CHECKS_OF_5 },
};

/** Names that the class of a config needs for itself, in every version. */
const FORBIDDEN = [
  ...['self', 'use_return_dict', '__class__', '__dict__', '__weakref__', '__getstate__', '__reduce_ex__'],
  ...['to_dict', 'to_diff_dict', 'to_json_string'],
];
const FORBIDDEN_IN: Readonly<Record<Library, readonly string[]>> = {
  '4.44': ['dict_torch_dtype_to_str', '_get_generation_defaults', '_has_non_default_generation_parameters'],
  '4.57': FORBIDDEN_IN_457,
  '5': FORBIDDEN_IN_5,
};

/** Classes of version 5 whose `attention_dropout` may be null. */
const NULL_DROPOUT = [
  'LlamaForCausalLM',
  'Gemma2ForCausalLM',
  'Gemma3ForCausalLM',
  'PhiForCausalLM',
  'BartForCausalLM',
];

/**
 * A share of what is dropped in training. 4.44 checks each in every pass; later versions check those that are layers of the
 * model, and 5 the types of all.
 */
function dropoutCheck(key: string, className: string, library: Library): KeyCheck {
  const isLayer = key !== 'attention_dropout' || className === 'FalconForCausalLM';
  if (library === '4.44') return share;
  if (library === '4.57') return isLayer ? share : (): undefined => undefined;
  return (value, config) => {
    if (value === null && !isLayer && NULL_DROPOUT.includes(className)) return undefined;
    if (typeof value !== 'number') return 'must be a number';
    return isLayer ? share(value, config) : undefined;
  };
}

function checksOf({ className, dropouts = [] }: AnyArchitecture, library: Library): KeyChecks {
  const shares = dropouts.map((key): [string, KeyCheck] => [key, dropoutCheck(key, className, library)]);
  // Only the decoder of Bart sets it aside.
  const encoder: KeyCheck = (value) =>
    isTrue(value) && className !== 'BartForCausalLM' ? 'must be false: there is no encoder' : undefined;
  return { ...CHECKS_OF[library], ...Object.fromEntries(shares), is_encoder_decoder: encoder };
}

/** What keeps a version of the library from loading a config, or from computing with it, in keys that do not steer the loss. */
export function baseConfigIssues(
  { object: config, floats }: JsonDocument,
  architecture: AnyArchitecture,
  library: Library,
): string[] {
  const found = Object.entries(checksOf(architecture, library)).flatMap(([key, check]) => {
    const issue = Object.hasOwn(config, key) ? check(config[key], config, floats.has(key)) : undefined;
    return issue === undefined ? [] : [`${key}: ${issue}`];
  });
  return [...found, ...forbiddenKeys(config, library).map((key) => `${key}: is no key of a config`)];
}

const forbiddenKeys = (config: JsonObject, library: Library): string[] =>
  [...FORBIDDEN, ...FORBIDDEN_IN[library]].filter((key) => Object.hasOwn(config, key));
