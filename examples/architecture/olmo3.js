// OLMo 3 (2025) for the built-in evaluator: OLMo 2 with a window in most layers. A package names this module under
// `provides.modules.onnxruntime` (docs/build/architecture.md).
import { z } from 'zod';
import {
  activationName,
  decoderFamily,
  epsilon,
  flag,
  grouped,
  headDimensionOf,
  heads,
  layers,
  layerTypes,
  optional,
  ropeByLayerType,
  ropeKeys,
  size,
  theta,
  windowsOf,
} from '@assay/plugin-onnxruntime/architecture';

/**
 * The base of the angles, of layers that see every token and of layers with a window. 4.57 has one for both; 5 has an object for
 * each in `rope_parameters`, and takes what they leave out from `rope_theta`.
 */
const angles = (library) => (given) => {
  if (typeof given !== 'object' || given === null) return given;
  const { rope_theta: base } = given;
  if (library === '5') return ropeByLayerType(library)({ ...given, rope_local_base_freq: base });
  return { ...ropeKeys(library)(given), sliding_attention: { rope_theta: base } };
};

/** Only layers without a window would be scaled: this example refuses what it does not follow. */
const unscaled = z.union([z.null(), z.object({ rope_type: z.literal('default') })]).optional();

const keys = (library) =>
  z.object({
    vocab_size: optional(size(), 50_304),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 11_008),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    rms_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    attention_bias: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: unscaled,
    sliding_attention: z.object({ rope_theta: theta(10_000), rope_scaling: unscaled }),
    sliding_window: optional(size(100_000_000), 4096),
    layer_types: layerTypes(library),
  });

/** Without `layer_types` every fourth layer sees all tokens before it. */
const config = (library) =>
  grouped(z.preprocess(angles(library), keys(library)))
    .refine(
      (given) => given.hidden_size % given.num_attention_heads === 0,
      'hidden_size must be divisible by num_attention_heads',
    )
    .transform(({ layer_types: types, sliding_window: window, ...given }, context) => {
      const slides = (layer) => (layer + 1) % 4 !== 0;
      return { ...given, windows: windowsOf({ count: given.num_hidden_layers, types, window, slides }, context) };
    });

/** @type {import('@assay/plugin-onnxruntime/architecture').ArchitectureOf<unknown>} */
export default (library) =>
  library === '4.44'
    ? undefined
    : decoderFamily({
        className: 'Olmo3ForCausalLM',
        modelType: 'olmo3',
        config: config(library),
        generationDefaults: { pad_token_id: 1, eos_token_id: 50_279 },
        own: (given) => ({
          activation: given.hidden_act,
          biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
          norms: 'after',
          queryKeyNorm: 'all',
          window: (layer) => given.windows[layer] ?? undefined,
          rotary: (layer) => ({
            dimension: headDimensionOf(given),
            theta: (given.windows[layer] === null ? given : given.sliding_attention).rope_theta,
            maxPositions: given.max_position_embeddings,
            scaling: { type: 'default' },
          }),
        }),
      });
