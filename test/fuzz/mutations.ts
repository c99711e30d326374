import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spoilTensors } from './tensors.js';

/** Repeatable numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const below = (next: Random, limit: number): number => Math.floor(next() * limit);
function pick<T>(next: Random, list: readonly [T, ...T[]]): T {
  return list[below(next, list.length)] ?? list[0];
}

/** What no sane file holds. Written as text, so that numbers beyond JavaScript's own reach the reader. */
const ABSURD: readonly [string, ...string[]] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1',
  '2',
  '0.5',
  '1e-400',
  '1e308',
  '1e309',
  '-1e309',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '18446744073709551616',
  '""',
  '"NaN"',
  '"Infinity"',
  '"\\ud800"',
  '"\\u0000"',
  '"../../etc/passwd"',
  '"silu"',
  '"linear"',
  '[]',
  '{}',
  '[[[[[[[[1]]]]]]]]',
  '{"type":"dynamic","factor":1e300}',
  '{"rope_type":"yarn","factor":1e-300}',
  '{"__proto__":{"x":1}}',
  '1000000',
  '100000000',
  '16777216',
  '3',
  '7',
  '1000',
  '1024',
  '4096',
  '65536',
  '["full_attention"]',
  '["sliding_attention","full_attention","sliding_attention","full_attention"]',
  '["sliding_attention","sliding_attention"]',
  '["linear_attention","full_attention"]',
  '[0,1,2,3]',
  '{"rope_type":"longrope","short_factor":[1,1],"long_factor":[1,1]}',
  '{"rope_type":"default","rope_theta":1e300}',
  '{"full_attention":{"rope_theta":0},"sliding_attention":{"rope_type":"linear","factor":0}}',
];

const KEYS: readonly [string, ...string[]] = [
  'vocab_size',
  'hidden_size',
  'intermediate_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'max_position_embeddings',
  'n_positions',
  'n_embd',
  'n_layer',
  'n_head',
  'n_inner',
  'rotary_dim',
  'rotary_pct',
  'partial_rotary_factor',
  'rope_theta',
  'rope_scaling',
  'sliding_window',
  'rms_norm_eps',
  'layer_norm_eps',
  'layer_norm_epsilon',
  'tie_word_embeddings',
  'hidden_act',
  'd_model',
  'decoder_layers',
  'decoder_ffn_dim',
  'decoder_attention_heads',
  'ffn_hidden_size',
  'num_kv_heads',
  'n_embed',
  'query_pre_attn_scalar',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'pretraining_tp',
  'eos_token_id',
  'repetition_penalty',
  'no_repeat_ngram_size',
  'bad_words_ids',
  'suppress_tokens',
  'forced_eos_token_id',
  'exponential_decay_length_penalty',
  'model_type',
  'architectures',
  'quantization_config',
  'pad_token_id',
  'torch_dtype',
  'torchscript',
  'num_experts',
  'num_local_experts',
  'num_experts_per_tok',
  'moe_intermediate_size',
  'decoder_sparse_step',
  'mlp_only_layers',
  'norm_topk_prob',
  'layer_types',
  'max_window_layers',
  'use_sliding_window',
  'sliding_window_pattern',
  'rope_parameters',
  'rope_local_base_freq',
  'original_max_position_embeddings',
  'attention_bias',
  'hidden_activation',
  'use_bidirectional_attention',
  '__proto__',
  'constructor',
];

/** One value of a JSON text replaced, removed, doubled, or a known key set. */
function spoilJson(next: Random, text: string): string {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return text;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text;
  const keys = Object.keys(value);
  const key = next() < 0.5 && keys.length > 0 ? (keys[below(next, keys.length)] ?? '') : pick(next, KEYS);
  const others = Object.entries(value)
    .filter(([name]) => name !== key)
    .map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`);
  const members =
    next() < 0.1
      ? others
      : [
          ...others,
          `${JSON.stringify(key)}:${pick(next, ABSURD)}`,
          ...(next() < 0.05 ? [`${JSON.stringify(key)}:1`] : []),
        ];
  return `{${members.join()}}`;
}

function spoilBytes(next: Random, bytes: Buffer, within: number): Buffer {
  const copy = Buffer.from(bytes);
  const changes = 1 + below(next, 8);
  for (let change = 0; change < changes; change += 1)
    copy[below(next, Math.min(within, copy.length))] = below(next, 256);
  return copy;
}

const headerLength = (bytes: Buffer): number =>
  bytes.length >= 8 ? Math.min(Number(bytes.readBigUInt64LE(0)), bytes.length - 8) : 0;

/** undefined where an earlier change has broken it. */
function headerOf(bytes: Buffer, length: number): Record<string, Record<string, Json>> | undefined {
  try {
    return JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, Record<string, Json>>;
  } catch {
    return undefined;
  }
}

/** The header as JSON with one entry changed; the data stays. */
function spoilHeader(next: Random, bytes: Buffer): Buffer {
  const length = headerLength(bytes);
  const header = headerOf(bytes, length);
  if (!header) return bytes;
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  const name = names[below(next, names.length)] ?? '';
  const entry = header[name] ?? {};
  const part = pick(next, ['dtype', 'shape', 'data_offsets']);
  const values: readonly [string, ...string[]] = [
    ...ABSURD,
    '"F64"',
    '"I64"',
    '"I32"',
    '"I16"',
    '"I8"',
    '"U8"',
    '"U32"',
    '"BOOL"',
    '"F8_E4M3"',
    '[1,1]',
    '[0]',
    '[-1]',
    '[1e9,1e9]',
    '[9007199254740991]',
    '[0,0]',
    '[8,4]',
    JSON.stringify(entry['shape'] ?? null),
    JSON.stringify(entry['data_offsets'] ?? null),
  ] as [string, ...string[]];
  const changed = `{${Object.entries({ ...entry, [part]: null })
    .map(([key, value]) => `${JSON.stringify(key)}:${key === part ? pick(next, values) : JSON.stringify(value)}`)
    .join()}}`;
  const old = name.replace('weight', 'gamma').replace('bias', 'beta');
  const newNames = [old, old, `${old}.SCB`, '__proto__', 'a\u0007b', '', 'x'.repeat(600), names[0] ?? 'y'] as const;
  const renamed = next() < 0.3 ? pick(next, newNames) : name;
  const members = Object.entries(header).map(([key, value]) =>
    key === name ? `${JSON.stringify(renamed)}:${changed}` : `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  const text = Buffer.from(`{${members.join()}}`);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

/** Changes a folder in place; says what it did. */
export function mutate(next: Random, folder: string): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') || name.endsWith('.safetensors'));
  const name = next() < 0.55 ? 'config.json' : (files[below(next, files.length)] ?? 'config.json');
  const path = join(folder, name);
  if (!existsSync(path)) return 'nothing';
  const bytes = readFileSync(path);
  const kind = pick(next, [
    'structure',
    'structure',
    'structure',
    'structure',
    'tensors',
    'tensors',
    'bytes',
    'header bytes',
    'cut',
    'longer',
    'swap',
    'gone',
  ]);
  switch (kind) {
    case 'structure':
      writeFileSync(path, name.endsWith('.json') ? spoilJson(next, bytes.toString('utf8')) : spoilHeader(next, bytes));
      break;
    case 'tensors':
      for (const file of files.filter((one) => one.endsWith('.safetensors')).slice(0, 1))
        writeFileSync(join(folder, file), spoilTensors(next, readFileSync(join(folder, file))));
      return 'tensors';
    case 'bytes':
      writeFileSync(path, spoilBytes(next, bytes, bytes.length));
      break;
    case 'header bytes':
      writeFileSync(path, spoilBytes(next, bytes, name.endsWith('.json') ? bytes.length : 8 + headerLength(bytes)));
      break;
    case 'cut':
      truncateSync(path, below(next, bytes.length));
      break;
    case 'longer':
      writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(1 + below(next, 64))]));
      break;
    case 'swap':
      copyFileSync(join(folder, files[below(next, files.length)] ?? name), `${path}.new`);
      rmSync(path);
      copyFileSync(`${path}.new`, path);
      rmSync(`${path}.new`);
      break;
    case 'gone':
      rmSync(path);
      break;
  }
  return `${kind} of ${name}`;
}
