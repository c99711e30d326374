import type { JsonObject } from '@assay/core/model/json-object';
import type { AnyArchitecture } from './architectures/architecture.js';
import { equals, isTrue, numberOf } from './files/python-values.js';

/** Keys that change the loss in some class, or in a later version of the library, and with which values they change nothing. */
const STEERING: Readonly<Record<string, readonly (null | number | boolean)[]>> = {
  rope_scaling: [null],
  rope_theta: [null],
  partial_rotary_factor: [null, 1],
  rotary_pct: [null, 1],
  sliding_window: [null],
  attention_bias: [null, false],
  mlp_bias: [null, false],
  qk_layernorm: [null, false],
  use_qk_norm: [null, false],
  attn_logit_softcapping: [null],
  final_logit_softcapping: [null],
  query_pre_attn_scalar: [null],
  embedding_multiplier: [null, 1],
  residual_multiplier: [null, 1],
  attention_multiplier: [null],
  logits_scaling: [null, 1],
  num_local_experts: [null, 0, 1],
};

/** No schema takes it. */
const NO_VALUE = Symbol('no value of a config');

/** What the class makes of a config; undefined where it takes none of it. */
function parsed(config: JsonObject, architecture: AnyArchitecture): string | undefined {
  const result = architecture.config.safeParse(config);
  return result.success ? JSON.stringify(result.data) : undefined;
}

/** Whether the class reads a key of a config. */
const readsKey = (raw: JsonObject, architecture: AnyArchitecture, key: string): boolean =>
  parsed({ ...raw, [key]: NO_VALUE }, architecture) !== parsed(raw, architecture);

/** One sentence for each key of config.json that says something which the class does not read, and the miner surely meant. */
export function unreadKeys(raw: JsonObject, architecture: AnyArchitecture, library: string): string[] {
  const isRead = (key: string): boolean => readsKey(raw, architecture, key);
  const rope = translated(raw['rope_parameters']);
  const isReadInRope = (key: string): boolean => raw[key] === rope[key] && isRead('rope_parameters');
  const unread = Object.entries(STEERING)
    .filter(([key, idle]) => Object.hasOwn(raw, key) && !idle.some((value) => equals(raw[key], value)))
    .map(([key]) => key)
    .filter((key) => !isRead(key) && !isReadInRope(key));
  const isSaidTwice =
    parsed({ ...raw, ...rope }, architecture) === parsed(raw, architecture) && Object.keys(rope).every(isRead);
  const where = `${architecture.className} of ${library}`;
  return [
    ...unread.map((key) => `config.json sets ${key}, which ${where} does not read.`),
    ...(isSaidTwice || isRead('rope_parameters')
      ? []
      : [
          `config.json sets rope_parameters, which ${where} does not read: what counts is rope_theta and rope_scaling, or their defaults.`,
        ]),
    ...(!isRead('layer_types') && hasOtherLayers(raw, architecture.className)
      ? [`config.json sets layer_types, which ${where} does not read: its windows follow a rule of their own.`]
      : []),
  ];
}

/** `rope_parameters`, as later versions of the library write it, in the keys of this one. */
function translated(parameters: unknown): JsonObject {
  if (typeof parameters !== 'object' || parameters === null) return {};
  const { rope_theta: theta, partial_rotary_factor: part, ...scaling }: JsonObject = { ...parameters };
  const type = scaling['rope_type'] ?? scaling['type'] ?? 'default';
  const isPlain = type === 'default' && Object.keys(scaling).every((key) => key === 'rope_type' || key === 'type');
  return {
    ...(theta === undefined || theta === null ? {} : { rope_theta: theta }),
    ...(part === undefined || part === null ? {} : { partial_rotary_factor: part }),
    ...(isPlain ? {} : { rope_scaling: scaling }),
  };
}

/** Whether `layer_types` names other layers for those with a window than the class itself. */
function hasOtherLayers(raw: JsonObject, className: string): boolean {
  const types = raw['layer_types'];
  if (!Array.isArray(types)) return false;
  return types.some((type, layer) => (type === 'sliding_attention') !== slides(raw, className, layer));
}

function slides(raw: JsonObject, className: string, layer: number): boolean {
  switch (className) {
    case 'Gemma2ForCausalLM':
      return layer % 2 === 0;
    case 'MistralForCausalLM':
      return raw['sliding_window'] !== null;
    case 'Qwen2ForCausalLM':
      return isTrue(raw['use_sliding_window']) && layer >= (numberOf(raw['max_window_layers']) ?? 28);
    default:
      return false;
  }
}
