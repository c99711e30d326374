// A Llama, or a Qwen3-MoE where the shape has `experts`, with random weights of a given shape as a folder of config.json and model.safetensors, written once.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const POOL = 1 << 20;
const DEVIATION = 0.02;

/** Repeatable numbers in [0, 1). */
export function uniform(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function tensorsOf({ hidden, inner, layers, heads, keyValueHeads, vocabulary, experts, tied = false }) {
  const keyValue = (hidden / heads) * keyValueHeads;
  const mlp = (name) => [
    [`${name}.gate_proj.weight`, [inner, hidden]],
    [`${name}.up_proj.weight`, [inner, hidden]],
    [`${name}.down_proj.weight`, [hidden, inner]],
  ];
  const mixture = (prefix) => [
    [`${prefix}.self_attn.q_norm.weight`, [hidden / heads]],
    [`${prefix}.self_attn.k_norm.weight`, [hidden / heads]],
    [`${prefix}.mlp.gate.weight`, [experts, hidden]],
    ...Array.from({ length: experts }, (_none, index) => mlp(`${prefix}.mlp.experts.${index}`)).flat(),
  ];
  const layer = (prefix) => [
    [`${prefix}.input_layernorm.weight`, [hidden]],
    [`${prefix}.self_attn.q_proj.weight`, [hidden, hidden]],
    [`${prefix}.self_attn.k_proj.weight`, [keyValue, hidden]],
    [`${prefix}.self_attn.v_proj.weight`, [keyValue, hidden]],
    [`${prefix}.self_attn.o_proj.weight`, [hidden, hidden]],
    [`${prefix}.post_attention_layernorm.weight`, [hidden]],
    ...(experts === undefined ? mlp(`${prefix}.mlp`) : mixture(prefix)),
  ];
  return [
    ['model.embed_tokens.weight', [vocabulary, hidden]],
    ...Array.from({ length: layers }, (_none, index) => layer(`model.layers.${index}`)).flat(),
    ['model.norm.weight', [hidden]],
    ...(tied ? [] : [['lm_head.weight', [vocabulary, hidden]]]),
  ];
}

const elements = (shape) => shape.reduce((product, dimension) => product * dimension, 1);

export const parameters = (shape) => tensorsOf(shape).reduce((sum, [, dimensions]) => sum + elements(dimensions), 0);

/** The upper half of a float32 is its bfloat16, cut off. */
function pool() {
  const random = uniform(12345);
  const values = Float32Array.from(
    { length: POOL },
    () => (random() + random() + random() + random() - 2) * Math.sqrt(3) * DEVIATION,
  );
  return Buffer.from(Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16).buffer);
}

/** BF16 weights, normal with deviation 0.02; norms are ones. */
export function randomLlama(directory, shape) {
  if (existsSync(join(directory, 'config.json'))) return directory;
  mkdirSync(directory, { recursive: true });
  const tensors = tensorsOf(shape);
  let offset = 0;
  const header = { __metadata__: { format: 'pt' } };
  for (const [name, dimensions] of tensors) {
    const end = offset + 2 * elements(dimensions);
    header[name] = { dtype: 'BF16', shape: dimensions, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = openSync(join(directory, 'model.safetensors.part'), 'w');
  for (const part of [length, padded]) writeSync(file, part);
  const values = pool();
  const random = uniform(99);
  for (const [, dimensions] of tensors) {
    let left = 2 * elements(dimensions);
    if (dimensions.length === 1) writeSync(file, Buffer.from(new Uint16Array(left / 2).fill(0x3f80).buffer));
    else {
      while (left > 0) {
        const from = 2 * Math.floor((random() * POOL) / 2);
        left -= writeSync(file, values, from, Math.min(left, values.length - from));
      }
    }
  }
  closeSync(file);
  renameSync(join(directory, 'model.safetensors.part'), join(directory, 'model.safetensors'));
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: shape.hidden,
    intermediate_size: shape.inner,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    vocab_size: shape.vocabulary,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: shape.tied ?? false,
    hidden_act: 'silu',
    ...(shape.experts === undefined
      ? {}
      : {
          architectures: ['Qwen3MoeForCausalLM'],
          model_type: 'qwen3_moe',
          moe_intermediate_size: shape.inner,
          num_experts: shape.experts,
          num_experts_per_tok: shape.chosen,
        }),
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config, null, 2));
  return directory;
}

/** Floating point operations of one sequence: two for each weight and token, and the attention below its diagonal. */
export function operations(shape, length) {
  // The embedding is looked up; a tied one is multiplied by as the head.
  const matrices = parameters(shape) - (shape.tied ? 0 : shape.vocabulary * shape.hidden);
  return 2 * matrices * length + 2 * length * length * shape.hidden * shape.layers;
}
