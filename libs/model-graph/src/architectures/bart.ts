import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention, byRow } from '../blocks/attention.js';
import { embedding, positionEmbedding } from '../blocks/embedding.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Library } from '../library.js';
import { linearTensors, normTensors, type ArchitectureOf, type ExpectedTensor, type Inputs } from './architecture.js';
import {
  activationName,
  complain,
  DEMANDED,
  demandTypes,
  flag,
  flagOrNull,
  heads,
  layers,
  optional,
  size,
  withNames,
} from './fields.js';

const keysOf = (library: Library) =>
  z
    .object({
      vocab_size: optional(size(), 50_265),
      max_position_embeddings: optional(size(100_000_000), 1024),
      d_model: optional(size(), 1024),
      decoder_layers: optional(layers(), 12),
      decoder_attention_heads: optional(heads(), 16),
      decoder_ffn_dim: optional(size(), 4096),
      activation_function: activationName('gelu'),
      scale_embedding: flagOrNull(false, library),
      tie_word_embeddings: flag(true, library),
    })
    .refine(
      (given) => given.d_model % given.decoder_attention_heads === 0,
      'd_model must be divisible by decoder_attention_heads',
    );

const count = z.number().int().min(0).max(1_048_576);
const cacheKeys = z.object({
  decoder_layers: count.default(12),
  encoder_layers: count.default(12),
  num_hidden_layers: count.optional(),
  use_cache: z.unknown().optional(),
});

/** Later versions make the cache of the decoder with as many layers as the encoder has, and with any number where it has none. */
const requireCache =
  (library: Library) =>
  (given: unknown, context: z.RefinementCtx): unknown => {
    if (library === '4.44') return given;
    const { data, error } = cacheKeys.safeParse(given);
    const cached = data?.num_hidden_layers ?? data?.encoder_layers ?? 0;
    const isShort = data !== undefined && cached > 0 && cached < data.decoder_layers && data.use_cache !== false;
    complain(
      context,
      isShort
        ? `encoder_layers must be 0 or at least decoder_layers: the cache of transformers ${library} has as many layers`
        : error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
    return given;
  };

const UNREAD_TYPES = {
  encoder_ffn_dim: DEMANDED.wholeOrNull,
  encoder_attention_heads: DEMANDED.wholeOrNull,
  encoder_layerdrop: DEMANDED.numberOrNull,
  decoder_layerdrop: DEMANDED.numberOrNull,
  init_std: DEMANDED.numberOrNull,
  classifier_dropout: DEMANDED.numberOrNull,
  decoder_start_token_id: DEMANDED.wholeOrNull,
  forced_eos_token_id: DEMANDED.ids,
};

const configOf = (library: Library) =>
  z.preprocess(
    demandTypes(library, UNREAD_TYPES),
    z.preprocess(requireCache(library), z.preprocess(withNames({ hidden_size: 'd_model' }), keysOf(library))),
  );

type Config = z.infer<ReturnType<typeof configOf>>;

const EMBEDDING = 'model.decoder.embed_tokens.weight';
const POSITIONS = 'model.decoder.embed_positions.weight';
const HEAD = 'lm_head.weight';
/** Rows of the position table before that of position 0. */
const POSITION_OFFSET = 2;
/** torch's default; the config has no say. */
const EPSILON = 1e-5;

/** The attention to an encoder is among the parameters of the class, though there is no encoder to attend to. */
function layerTensors(prefix: string, width: number, inner: number): ExpectedTensor[] {
  const parts = ['k_proj', 'v_proj', 'q_proj', 'out_proj'];
  return [
    ...['self_attn', 'encoder_attn'].flatMap((name) => [
      ...parts.flatMap((part) => linearTensors(`${prefix}.${name}.${part}`, width, width, true)),
      ...normTensors(`${prefix}.${name}_layer_norm`, width),
    ]),
    ...linearTensors(`${prefix}.fc1`, inner, width, true),
    ...linearTensors(`${prefix}.fc2`, width, inner, true),
    ...normTensors(`${prefix}.final_layer_norm`, width),
  ];
}

function selfAttention(g: GraphBuilder, given: Config, inputs: Inputs, x: string, name: string): string {
  const { decoder_attention_heads: count, d_model: width } = given;
  const project = (part: string): string => byRow(g, inputs, layer(g, x, `${name}.${part}`, true), width);
  const shape = { heads: count, keyValueHeads: count, headDimension: width / count };
  return layer(
    g,
    attention(g, inputs, project('q_proj'), project('k_proj'), project('v_proj'), shape),
    `${name}.out_proj`,
    true,
  );
}

/** BART's decoder on its own (Lewis et al. 2020): learned positions, norms after each part. */
export const bart: ArchitectureOf<Config> = (library) => ({
  className: 'BartForCausalLM',
  modelType: 'bart',
  config: configOf(library),
  prefix: 'model',
  padsEmbedding: true,
  dropouts: ['dropout', 'attention_dropout', 'activation_dropout'],
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: HEAD } : undefined),
  generationDefaults: { pad_token_id: 1, bos_token_id: 0, eos_token_id: 2, forced_eos_token_id: 2 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.d_model] },
    { name: POSITIONS, shape: [given.max_position_embeddings + POSITION_OFFSET, given.d_model] },
    ...normTensors('model.decoder.layernorm_embedding', given.d_model),
    ...Array.from({ length: given.decoder_layers }, (_none, index) =>
      layerTensors(`model.decoder.layers.${index}`, given.d_model, given.decoder_ffn_dim),
    ).flat(),
    ...(given.tie_word_embeddings ? [] : [{ name: HEAD, shape: [given.vocab_size, given.d_model] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: (given) => given.max_position_embeddings,
  width: (given) => given.d_model,
  build: (g, given, inputs) => {
    const norm = (x: string, name: string): string => layerNorm(g, x, `${name}.weight`, `${name}.bias`, EPSILON);
    const tokens = embedding(g, inputs.ids, EMBEDDING);
    const scaled = given.scale_embedding ? g.node('Mul', [tokens, g.scalar(Math.sqrt(given.d_model))]) : tokens;
    const embedded = g.node('Add', [scaled, positionEmbedding(g, inputs, POSITIONS, POSITION_OFFSET)]);
    let hidden = norm(embedded, 'model.decoder.layernorm_embedding');
    for (let index = 0; index < given.decoder_layers; index += 1) {
      const prefix = `model.decoder.layers.${index}`;
      const attended = selfAttention(g, given, inputs, hidden, `${prefix}.self_attn`);
      const normed = norm(g.node('Add', [hidden, attended]), `${prefix}.self_attn_layer_norm`);
      const inner = activation(g, given.activation_function, layer(g, normed, `${prefix}.fc1`, true));
      hidden = norm(g.node('Add', [normed, layer(g, inner, `${prefix}.fc2`, true)]), `${prefix}.final_layer_norm`);
    }
    return { hidden, head: { weight: given.tie_word_embeddings ? EMBEDDING : HEAD } };
  },
});
