import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Library } from '../library.js';
import { linearTensors, normTensors, type ArchitectureOf, type ExpectedTensor, type Inputs } from './architecture.js';
import { activationName, epsilon, flag, heads, layers, optional, size, withNames } from './fields.js';

const RENAMED = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};
const THETA = 10_000;

const keysOf = (library: Library) =>
  z
    .object({
      vocab_size: optional(size(), 50_400),
      n_positions: optional(size(100_000_000), 2048),
      n_embd: optional(size(), 4096),
      n_layer: optional(layers(), 28),
      n_head: optional(heads(), 16),
      /** null rotates the whole width, which only a single head has; 5 does not take it. */
      rotary_dim: library === '5' ? size(4096).default(64) : size(4096).nullable().default(64),
      n_inner: size().nullish(),
      activation_function: activationName('gelu_new'),
      layer_norm_epsilon: epsilon(1e-5),
      tie_word_embeddings: flag(false, library),
    })
    .refine((given) => given.n_embd % given.n_head === 0, 'n_embd must be divisible by n_head')
    .refine(
      (given) => rotated(given) % 2 === 0 && rotated(given) <= given.n_embd / given.n_head,
      'rotary_dim must be even and within a head',
    );

const configOf = (library: Library) => z.preprocess(withNames(RENAMED), keysOf(library));

const rotated = (given: { rotary_dim: number | null; n_embd: number }): number => given.rotary_dim ?? given.n_embd;

type Config = z.infer<ReturnType<typeof configOf>>;

const EMBEDDING = 'transformer.wte.weight';
const HEAD = 'lm_head';

function layerTensors(prefix: string, width: number, inner: number): ExpectedTensor[] {
  return [
    ...normTensors(`${prefix}.ln_1`, width),
    ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((name) =>
      linearTensors(`${prefix}.attn.${name}`, width, width, false),
    ),
    ...linearTensors(`${prefix}.mlp.fc_in`, inner, width, true),
    ...linearTensors(`${prefix}.mlp.fc_out`, width, inner, true),
  ];
}

function selfAttention(
  g: GraphBuilder,
  given: Config,
  inputs: Inputs,
  table: RotaryTable,
  x: string,
  name: string,
): string {
  const { n_head: count, n_embd: width } = given;
  const headDimension = width / count;
  const project = (part: string): string => byRow(g, inputs, layer(g, x, `${name}.${part}`, false), width);
  const turned = (part: string): string =>
    rotate(g, project(part), inputs.positions, table, count, headDimension, true);
  const context = attention(g, inputs, turned('q_proj'), turned('k_proj'), project('v_proj'), {
    heads: count,
    keyValueHeads: count,
    headDimension,
  });
  return layer(g, context, `${name}.out_proj`, false);
}

/** GPT-J (Wang and Komatsuzaki 2021): attention and MLP side by side after one norm, neighbours rotated against each other. */
export const gptj: ArchitectureOf<Config> = (library) => ({
  className: 'GPTJForCausalLM',
  modelType: 'gptj',
  config: configOf(library),
  prefix: 'transformer',
  dropouts: ['embd_pdrop', 'resid_pdrop', 'attn_pdrop'],
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: `${HEAD}.weight` } : undefined),
  generationDefaults: { bos_token_id: 50_256, eos_token_id: 50_256 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.n_embd] },
    ...Array.from({ length: given.n_layer }, (_none, index) =>
      layerTensors(`transformer.h.${index}`, given.n_embd, given.n_inner ?? 4 * given.n_embd),
    ).flat(),
    ...normTensors('transformer.ln_f', given.n_embd),
    ...linearTensors(HEAD, given.vocab_size, given.n_embd, true).slice(given.tie_word_embeddings ? 1 : 0),
  ],
  vocabularySize: (given) => given.vocab_size,
  // Its angles are a table of this length.
  maxPositions: (given) => given.n_positions,
  width: (given) => given.n_embd,
  build: (g, given, inputs, run) => {
    const { n_positions: maxPositions, layer_norm_epsilon: eps } = given;
    const table = rotaryTable(
      { dimension: rotated(given), theta: THETA, maxPositions, scaling: { type: 'default' } },
      run.positions,
      run.lengthAt,
    );
    const norm = (x: string, name: string): string => layerNorm(g, x, `${name}.weight`, `${name}.bias`, eps);
    let hidden = embedding(g, inputs.ids, EMBEDDING);
    for (let index = 0; index < given.n_layer; index += 1) {
      const prefix = `transformer.h.${index}`;
      const normed = norm(hidden, `${prefix}.ln_1`);
      const attended = selfAttention(g, given, inputs, table, normed, `${prefix}.attn`);
      const inner = activation(g, given.activation_function, layer(g, normed, `${prefix}.mlp.fc_in`, true));
      hidden = g.node('Add', [g.node('Add', [attended, layer(g, inner, `${prefix}.mlp.fc_out`, true)]), hidden]);
    }
    const weight = given.tie_word_embeddings ? EMBEDDING : `${HEAD}.weight`;
    return { hidden: norm(hidden, 'transformer.ln_f'), head: { weight, bias: `${HEAD}.bias` } };
  },
});
