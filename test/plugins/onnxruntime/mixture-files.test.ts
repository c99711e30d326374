import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from '@assay/lib-model-graph/library';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assembled, folderOf, readTensors, type StoredBytes } from './folders.js';
import { scored } from './mixtures.js';
import { errorOf, goldenOf } from './worlds.js';

const MODELS = join(import.meta.dirname, '../../fixtures/models2');
type Base = 'qwen3moe-norm-top2' | 'mixtral-top2';
type Change = (tensors: readonly StoredBytes[]) => readonly StoredBytes[];

const LAYER = 'model.layers.0.mlp';
const MIXTRAL_LAYER = 'model.layers.0.block_sparse_moe';
const without =
  (pattern: RegExp): Change =>
  (tensors) =>
    tensors.filter(({ name }) => !pattern.test(name));
const renamed =
  (pattern: RegExp, to: string): Change =>
  (tensors) =>
    tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(pattern, to) }));
/** Copies, with half the values where they are BF16: an exponent less. */
const copied =
  (pattern: RegExp, to: string, halved = false): Change =>
  (tensors) => [
    ...tensors,
    ...tensors
      .filter(({ name }) => pattern.test(name))
      .map((tensor) => ({
        ...tensor,
        name: tensor.name.replace(pattern, to),
        bytes: halved ? half(tensor.bytes) : tensor.bytes,
      })),
  ];
const cut =
  (pattern: RegExp): Change =>
  (tensors) =>
    tensors.map((tensor) => {
      const [rows = 0, columns = 0] = tensor.shape;
      return pattern.test(tensor.name)
        ? { ...tensor, shape: [rows - 1, columns], bytes: tensor.bytes.subarray(0, (rows - 1) * columns * 2) }
        : tensor;
    });
const all =
  (...changes: readonly Change[]): Change =>
  (tensors) =>
    changes.reduce<readonly StoredBytes[]>((made, change) => change(made), tensors);

function half(bytes: Buffer): Buffer {
  const words = new Uint16Array(bytes.length / 2).map((_none, index) => bytes.readUInt16LE(index * 2));
  const halves = words.map((word) => (word & 0x7f80 ? word - 0x80 : word));
  return Buffer.from(halves.buffer);
}

/** The experts of the first layer as two tensors, in place of the matrices or beside them. */
const stacked =
  (layer: string, [gate, up, down]: readonly [string, string, string], kept = false, halved = false): Change =>
  (tensors) => {
    const of = (index: number, part: string): StoredBytes => {
      const found = tensors.find(({ name }) => name === `${layer}.experts.${index}.${part}.weight`);
      if (!found) throw new Error(`no ${part} of expert ${index}`);
      return found;
    };
    const count = tensors.filter(({ name }) => name.startsWith(`${layer}.experts.`)).length / 3;
    const [inner = 0, width = 0] = of(0, gate).shape;
    const bytesOf = (...parts: string[]): Buffer => {
      const whole = Buffer.concat(
        Array.from({ length: count }, (_none, index) => parts.map((part) => of(index, part).bytes)).flat(),
      );
      return halved ? half(whole) : whole;
    };
    const stack = (name: string, shape: number[], bytes: Buffer): StoredBytes => ({
      name: `model.layers.0.mlp.experts.${name}`,
      dtype: 'BF16',
      shape,
      bytes,
    });
    return [
      ...(kept ? tensors : tensors.filter(({ name }) => !name.startsWith(`${layer}.experts.`))),
      stack('gate_up_proj', [count, 2 * inner, width], bytesOf(gate, up)),
      stack('down_proj', [count, width, inner], bytesOf(down)),
    ];
  };
const QWEN = ['gate_proj', 'up_proj', 'down_proj'] as const;
const MIXTRAL = ['w1', 'w3', 'w2'] as const;
const third = /(0\.mlp\.experts\.)3\./;

/** `golden`: the loss of the folder as it is; else the code of the error. What the library does is in `docs/run/numerics.md`. */
const CASES: readonly [what: string, base: Base, change: Change, Readonly<Record<'4.57' | '5', string>>][] = [
  ['as it is', 'qwen3moe-norm-top2', (tensors) => tensors, { '4.57': 'golden', '5': 'golden' }],
  ['an expert missing', 'qwen3moe-norm-top2', without(third), { '4.57': 'TENSOR_MISSING', '5': 'TENSOR_MISSING' }],
  [
    'a matrix missing',
    'qwen3moe-norm-top2',
    without(/0\.mlp\.experts\.3\.up_proj/),
    { '4.57': 'TENSOR_MISSING', '5': 'TENSOR_MISSING' },
  ],
  ['an expert more', 'qwen3moe-norm-top2', copied(third, '$18.'), { '4.57': 'golden', '5': 'EXPERT_SURPLUS' }],
  ['an expert twice', 'qwen3moe-norm-top2', copied(third, '$103.', true), { '4.57': 'golden', '5': 'EXPERT_SURPLUS' }],
  [
    'an expert by a word',
    'qwen3moe-norm-top2',
    copied(third, '$1x.', true),
    { '4.57': 'golden', '5': 'EXPERT_SURPLUS' },
  ],
  [
    'an expert under another number',
    'qwen3moe-norm-top2',
    renamed(third, '$120.'),
    { '4.57': 'TENSOR_MISSING', '5': 'TENSOR_MISSING' },
  ],
  [
    'a matrix of another shape',
    'qwen3moe-norm-top2',
    cut(/0\.mlp\.experts\.2\.gate_proj/),
    { '4.57': 'TENSOR_SHAPE', '5': 'TENSOR_SHAPE' },
  ],
  [
    'the router missing',
    'qwen3moe-norm-top2',
    without(/0\.mlp\.gate\./),
    { '4.57': 'TENSOR_MISSING', '5': 'TENSOR_MISSING' },
  ],
  [
    'a bias of an expert',
    'qwen3moe-norm-top2',
    copied(/(0\.mlp\.experts\.3\.up_proj)\.weight/, '$1.bias'),
    { '4.57': 'golden', '5': 'golden' },
  ],
  [
    'experts of one layer stacked',
    'qwen3moe-norm-top2',
    stacked(LAYER, QWEN),
    { '4.57': 'TENSOR_MISSING', '5': 'golden' },
  ],
  [
    'stacked as well',
    'qwen3moe-norm-top2',
    stacked(LAYER, QWEN, true, true),
    { '4.57': 'golden', '5': 'EXPERT_SURPLUS' },
  ],
  [
    'stacked, down projections as well',
    'qwen3moe-norm-top2',
    all(stacked(LAYER, QWEN, true), without(/0\.mlp\.experts\.\d+\.(gate|up)_proj/)),
    { '4.57': 'TENSOR_MISSING', '5': 'EXPERT_SURPLUS' },
  ],
  [
    'gate and up stacked, down not',
    'qwen3moe-norm-top2',
    all(stacked(LAYER, QWEN, true), without(/0\.mlp\.experts\.(\d+\.(gate|up)_proj|down_proj)/)),
    { '4.57': 'TENSOR_MISSING', '5': 'golden' },
  ],
  [
    'a stack of another shape',
    'qwen3moe-norm-top2',
    all(stacked(LAYER, QWEN), (tensors) =>
      tensors.map((tensor) => (tensor.name.endsWith('gate_up_proj') ? { ...tensor, shape: [8, 48, 56] } : tensor)),
    ),
    { '4.57': 'TENSOR_MISSING', '5': 'TENSOR_SHAPE' },
  ],
  [
    'experts in a layer beyond the last',
    'qwen3moe-norm-top2',
    copied(/layers\.0\.(mlp\.experts)/, 'layers.7.$1'),
    { '4.57': 'golden', '5': 'golden' },
  ],
  ['as it is', 'mixtral-top2', (tensors) => tensors, { '4.57': 'golden', '5': 'golden' }],
  [
    'under its newer name',
    'mixtral-top2',
    renamed(/block_sparse_moe/, 'mlp'),
    { '4.57': 'TENSOR_MISSING', '5': 'golden' },
  ],
  [
    'under both names',
    'mixtral-top2',
    copied(/block_sparse_moe/, 'mlp', true),
    { '4.57': 'golden', '5': 'EXPERT_SURPLUS' },
  ],
  [
    'routers under both names',
    'mixtral-top2',
    copied(/block_sparse_moe(\.gate)/, 'mlp$1', true),
    { '4.57': 'golden', '5': 'golden' },
  ],
  [
    'experts of one layer stacked',
    'mixtral-top2',
    stacked(MIXTRAL_LAYER, MIXTRAL),
    { '4.57': 'TENSOR_MISSING', '5': 'golden' },
  ],
  [
    'stacked under its older name',
    'mixtral-top2',
    all(stacked(MIXTRAL_LAYER, MIXTRAL), renamed(/0\.mlp/, '0.block_sparse_moe')),
    { '4.57': 'TENSOR_MISSING', '5': 'golden' },
  ],
  [
    'stacked as well',
    'mixtral-top2',
    stacked(MIXTRAL_LAYER, MIXTRAL, true, true),
    { '4.57': 'golden', '5': 'EXPERT_SURPLUS' },
  ],
];

describe.each(['4.57', '5'] as const satisfies readonly Library[])('files of a mixture, loaded as by %s', (library) => {
  it.each(CASES)('%s (%s)', async (_what, base, change, expected) => {
    const directory = join(MODELS, base);
    const folder = folderOf({
      'config.json': z
        .record(z.string(), z.json())
        .parse(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))),
      'model.safetensors': assembled(change(readTensors(join(directory, 'model.safetensors')))),
    });
    const golden = goldenOf(directory);
    const rows = golden.batches[0] ?? [];
    if (expected[library] !== 'golden') {
      expect(await errorOf(scored(folder, library, rows))).toMatchObject({ code: expected[library], fault: 'miner' });
      return;
    }
    const { loss, parameterCount } = await scored(folder, library, rows);
    expect(Math.abs(loss - Number(golden.losses[0]))).toBeLessThan(1e-5);
    expect(parameterCount).toBe(golden.parameter_count);
  });
});
