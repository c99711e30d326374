import type { JsonObject } from '@assay/core/model/json-object';
import type { AnyArchitecture } from '../architectures/architecture.js';
import { NESTED_CONFIGS } from './generation-source.js';
import { isTrue, numberOf } from './python-values.js';

/** What is wrong with one key that config.json has; nothing where it is fine. */
type KeyCheck = (value: unknown, config: JsonObject) => string | undefined;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isWhole = (text: string): boolean => /^\s*[-+]?\d+(_\d+)*\s*$/.test(text);
const needsNumberedKeys = (value: unknown): boolean => isObject(value) && Object.keys(value).every(isWhole);
/** The library looks for names in it. */
const isSearchable = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null);

const TORCH_TYPES =
  /^(float(16|32|64)?|double|half|bfloat16|float8_(e4m3fn|e5m2)(uz|fnuz)?|u?int(8|16|32|64)|int|short|long|bool|c?(half|float|double)|complex(32|64|128))$/;
const PROBLEMS: readonly unknown[] = ['regression', 'single_label_classification', 'multi_label_classification'];
const ATTENTIONS: readonly unknown[] = ['eager', 'sdpa', 'flash_attention_2'];
const attention: KeyCheck = (value) =>
  value === null || ATTENTIONS.includes(value) ? undefined : 'must be eager, sdpa or flash_attention_2';

/** A share of what is dropped in training; the library checks it in every pass. */
const share: KeyCheck = (value) => {
  const number = numberOf(value);
  return number !== undefined && number >= 0 && number <= 1 ? undefined : 'must be a number from 0 to 1';
};

/** Keys that the library's base class of all configs reads, and the values with which it fails. */
const CHECKS: Readonly<Record<string, KeyCheck>> = {
  return_dict: (value) => (isTrue(value) ? undefined : 'must be true: the logits are read by name'),
  pruned_heads: (value) => (isObject(value) && Object.keys(value).length === 0 ? undefined : 'must be empty'),
  id2label: (value) =>
    value === null || needsNumberedKeys(value) ? undefined : 'must be an object whose keys are whole numbers',
  label2id: (value) => (value === null || isObject(value) ? undefined : 'must be an object'),
  num_labels: (value, { id2label = null }) =>
    id2label !== null || Number.isInteger(numberOf(value)) ? undefined : 'must be a whole number',
  problem_type: (value) => (value === null || PROBLEMS.includes(value) ? undefined : 'is none that the library knows'),
  torch_dtype: (value) =>
    typeof value !== 'string' || TORCH_TYPES.test(value) ? undefined : 'is no type of torch, such as bfloat16',
  _attn_implementation: attention,
  _attn_implementation_internal: attention,
  quantization_config: (value) => (value === null ? 'must be absent' : undefined),
  auto_map: (value) => (isSearchable(value) ? undefined : 'must be an object'),
  attribute_map: (value) => (isSearchable(value) && !isTrue(value) ? undefined : 'must be empty'),
  ...Object.fromEntries(
    NESTED_CONFIGS.map((name): [string, KeyCheck] => [
      name,
      (value) => (isSearchable(value) ? undefined : 'must be an object'),
    ]),
  ),
};

/** Names that the class of a config needs for itself. */
const FORBIDDEN = [
  ...['self', 'use_return_dict', '__class__', '__dict__', '__weakref__', '__getstate__', '__reduce_ex__'],
  ...['to_dict', 'to_diff_dict', 'to_json_string', 'dict_torch_dtype_to_str'],
  ...['_get_generation_defaults', '_has_non_default_generation_parameters'],
];

function checksOf({ className, dropouts = [] }: AnyArchitecture): Readonly<Record<string, KeyCheck>> {
  const shares = dropouts.map((key): [string, KeyCheck] => [key, share]);
  // Only the decoder of Bart sets it aside.
  const encoder: KeyCheck = (value) =>
    isTrue(value) && className !== 'BartForCausalLM' ? 'must be false: there is no encoder' : undefined;
  return { ...CHECKS, ...Object.fromEntries(shares), is_encoder_decoder: encoder };
}

/** What keeps the library from loading a config, or from computing with it, in keys that do not steer the loss. */
export function baseConfigIssues(config: JsonObject, architecture: AnyArchitecture): string[] {
  const found = Object.entries(checksOf(architecture)).flatMap(([key, check]) => {
    const issue = Object.hasOwn(config, key) ? check(config[key], config) : undefined;
    return issue === undefined ? [] : [`${key}: ${issue}`];
  });
  const forbidden = FORBIDDEN.filter((key) => Object.hasOwn(config, key)).map((key) => `${key}: is no key of a config`);
  return [...found, ...forbidden];
}
