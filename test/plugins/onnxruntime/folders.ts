import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { scratchFolder } from './scratch.js';

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A safetensors file of any header, followed by any data. */
export function safetensors(
  header: string | Record<string, unknown>,
  data: Uint8Array,
  claimedLength?: bigint,
): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedLength ?? BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** A tensor outside of its file. */
export interface StoredBytes {
  name: string;
  dtype: string;
  shape: readonly number[];
  bytes: Buffer;
}

const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number()),
  data_offsets: z.tuple([z.number(), z.number()]),
});

/** Every tensor of a safetensors file. */
export function readTensors(path: string): StoredBytes[] {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const members: unknown = JSON.parse(file.toString('utf8', 8, start));
  return Object.entries(z.looseObject({}).parse(members))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, member]) => {
      const {
        dtype,
        shape,
        data_offsets: [from, to],
      } = tensorSchema.parse(member);
      return { name, dtype, shape, bytes: file.subarray(start + from, start + to) };
    });
}

export function assembled(
  tensors: readonly (Omit<StoredBytes, 'bytes'> & { bytes: Uint8Array })[],
  metadata: { __metadata__?: Record<string, string> } = { __metadata__: { format: 'pt' } },
): Buffer {
  let offset = 0;
  const header: Record<string, Entry> = {};
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape: [...shape], data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  return safetensors({ ...metadata, ...header }, Buffer.concat(tensors.map(({ bytes }) => bytes)));
}

export const LLAMA_CONFIG = {
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  eos_token_id: 2,
};

/** Tensors of the smallest Llama: deterministic noise. */
export function tinyTensors(): { name: string; dtype: string; shape: number[]; bytes: Buffer }[] {
  let state = 1;
  const noise = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  };
  const tensor = (
    name: string,
    ...shape: number[]
  ): { name: string; dtype: string; shape: number[]; bytes: Buffer } => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, noise);
    return { name, dtype: 'F32', shape, bytes: Buffer.from(values.buffer) };
  };
  const at = 'model.layers.0';
  return [
    tensor('model.embed_tokens.weight', 32, 8),
    tensor(`${at}.input_layernorm.weight`, 8),
    tensor(`${at}.self_attn.q_proj.weight`, 8, 8),
    tensor(`${at}.self_attn.k_proj.weight`, 4, 8),
    tensor(`${at}.self_attn.v_proj.weight`, 4, 8),
    tensor(`${at}.self_attn.o_proj.weight`, 8, 8),
    tensor(`${at}.post_attention_layernorm.weight`, 8),
    tensor(`${at}.mlp.gate_proj.weight`, 12, 8),
    tensor(`${at}.mlp.up_proj.weight`, 12, 8),
    tensor(`${at}.mlp.down_proj.weight`, 8, 12),
    tensor('model.norm.weight', 8),
    tensor('lm_head.weight', 32, 8),
  ];
}

/** A folder with these files; objects become JSON, undefined leaves the file out. */
export function folderOf(files: Record<string, string | Uint8Array | Record<string, unknown> | undefined>): string {
  const folder = scratchFolder();
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    writeFileSync(
      join(folder, name),
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  }
  return folder;
}

export const tinyFolder = (
  config: Record<string, unknown> = {},
  files: Record<string, string | Uint8Array | Record<string, unknown> | undefined> = {},
): string =>
  folderOf({ 'config.json': { ...LLAMA_CONFIG, ...config }, 'model.safetensors': assembled(tinyTensors()), ...files });
