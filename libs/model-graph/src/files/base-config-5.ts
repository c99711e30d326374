import type { JsonObject } from '@assay/core/model/json-object';
import { LATER_CHECKS } from './base-config-457.js';
import { isObject, onlyNull, plan, type KeyCheck, type KeyChecks } from './config-keys.js';
import { isTrue, numberOf } from './python-values.js';

const EXPERTS: readonly unknown[] = ['eager', 'grouped_mm', 'batched_mm'];
const experts: KeyCheck = (value) =>
  value === null || EXPERTS.includes(value) || isObject(value) ? undefined : 'must be eager, grouped_mm or batched_mm';

/** Version 5 checks types: a number with a decimal point, true and false are no whole numbers. */
const isWholeNumber = (value: unknown, isFloat: boolean): boolean =>
  typeof value === 'number' && Number.isInteger(value) && !isFloat;
const idOrNull: KeyCheck = (value, _config, isFloat = false) =>
  value === null || isWholeNumber(value, isFloat) ? undefined : 'must be a whole number or null';

function labelsOf({ id2label = null, num_labels: labels }: JsonObject): number | undefined {
  return isObject(id2label) ? Object.keys(id2label).length : numberOf(labels);
}

export const CHECKS_OF_5: KeyChecks = {
  ...LATER_CHECKS,
  base_model_fsdp_plan: plan,
  num_labels: (value) => (Number.isInteger(numberOf(value)) ? undefined : 'must be a whole number'),
  problem_type: (value, config) =>
    value === 'single_label_classification' && labelsOf(config) === 1 ? 'needs more than one label' : undefined,
  bos_token_id: idOrNull,
  eos_token_id: (value, config, isFloat) => {
    const isList = Array.isArray(value) && value.every((id) => isWholeNumber(id, false));
    return isList ? undefined : idOrNull(value, config, isFloat);
  },
  use_cache: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  _experts_implementation: experts,
  experts_implementation: experts,
  initializer_range: (value) => (typeof value === 'number' ? undefined : 'must be a number'),
  // Other operators for parts of the graph.
  fusion_config: (value) => (isTrue(value) ? 'is not followed' : undefined),
  ignore_keys_at_rope_validation: (value) =>
    value === null || typeof value === 'object' || typeof value === 'string' ? undefined : 'must be a list',
  distributed_config: onlyNull,
};

export const FORBIDDEN_IN_5 = [
  ...['dict_dtype_to_str', 'get_text_config', 'is_heterogeneous', 'per_layer_attributes', 'nested_rope_parameter_keys'],
  ...['__validators__', '_check_received_keys', '_encode_special_floats', '_get_generation_parameters'],
  ...['_getattr_without_heterogeneous_validation', '_iter_config_keys_with_heterogeneous_adjustment'],
  ...['_remove_keys_not_serialized', '_update_heterogeneous_to_dict_output'],
  ...['default', 'linear', 'dynamic', 'yarn', 'longrope', 'llama3', 'proportional'].map(
    (type) => `_validate_${type}_rope_parameters`,
  ),
];
