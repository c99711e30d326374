import { isObject, onlyNull, plan, torchType, type KeyCheck, type KeyChecks } from './config-keys.js';
import { NESTED_CONFIGS } from './generation-source.js';
import { isTrue, numberOf } from './python-values.js';

/** Another file of weights in place of model.safetensors, and settings of the compiler. */
const WAYS_OF_RUNNING: KeyChecks = { transformers_weights: onlyNull, compile_config: onlyNull };

const emptyOrNull: KeyCheck = (value) =>
  value === null || (isObject(value) && !isTrue(value)) ? undefined : 'must be empty';

/** Keys that 4.57 and 5 check alike, other than 4.44. Parts of a config must be objects of the library, which JSON has not. */
export const LATER_CHECKS: KeyChecks = {
  ...WAYS_OF_RUNNING,
  ...Object.fromEntries(NESTED_CONFIGS.map((name) => [name, onlyNull])),
  ...Object.fromEntries(['tp', 'pp', 'ep'].map((name) => [`base_model_${name}_plan`, plan])),
  sub_configs: emptyOrNull,
};

export const CHECKS_OF_457: KeyChecks = {
  ...LATER_CHECKS,
  dtype: torchType,
  pruned_heads: emptyOrNull,
  num_labels: (value, { id2label = null }) =>
    value === null || id2label !== null || Number.isInteger(numberOf(value)) ? undefined : 'must be a whole number',
};

export const FORBIDDEN_IN_457 = [
  ...['dict_dtype_to_str', '_get_global_generation_defaults', '_get_non_default_generation_parameters'],
  ...['_remove_keys_not_serialized', 'get_text_config'],
];
