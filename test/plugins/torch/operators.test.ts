import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documentOf } from '@assay/lib-model-graph/graph/document';
import { ElementType, type AttributeValue } from '@assay/lib-model-graph/graph/graph';
import { GraphBuilder } from '@assay/lib-model-graph/graph/graph-builder';
import { encodeModel } from '@assay/plugin-onnxruntime/dist/encode.js';
import { NO_TORCH, pythons } from './pythons.js';

const SCRIPT = join(import.meta.dirname, '../../../plugins/torch/python/tests/run_documents.py');

/** An input that is fed (f: float32, i: int64), or a constant (floats, ints). */
type Given =
  | { f: number[]; near?: number }
  | { i: number[]; values: number[] }
  | { floats: number[]; dims: number[] }
  | { ints: number[] }
  | { int: number };

interface Case {
  op: string;
  inputs: Given[];
  attributes?: Record<string, AttributeValue>;
  domain?: string;
  /** Type of the output; float32 when left out. */
  type?: 'int64' | 'bool';
  /** What tells cases of one operator apart. */
  what?: string;
}

const x: Given = { f: [2, 3, 4] };
const rows: Given = { f: [5, 8] };
const positive: Given = { f: [2, 3, 4], near: 2 };

const CASES: Case[] = [
  ...['Identity', 'Neg', 'Abs', 'Exp', 'Sin', 'Cos', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'Softplus', 'Mish'].map(
    (op) => ({ op, inputs: [x] }),
  ),
  ...['Sqrt', 'Log', 'Reciprocal'].map((op) => ({ op, inputs: [positive] })),
  ...['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max'].flatMap((op) => [
    { op, inputs: [x, { f: [2, 3, 4], near: 3 }] },
    { op, inputs: [x, { f: [4], near: 3 }], what: 'that broadcasts' },
  ]),
  { op: 'Pow', inputs: [positive, { floats: [1.5], dims: [] }] },
  {
    op: 'Div',
    inputs: [{ i: [4], values: [7, -7, 9, 0] }, { ints: [2, 2, 4, 5] }],
    type: 'int64',
    what: 'of whole numbers',
  },
  {
    op: 'Sub',
    inputs: [{ i: [2, 2], values: [1, 2, 3, 4] }, { ints: [1, 1] }],
    type: 'int64',
    what: 'of whole numbers',
  },
  ...['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal'].map((op) => ({
    op,
    inputs: [{ i: [4], values: [1, 2, 3, 4] }, { ints: [2, 2, 3, 1] }],
    type: 'bool' as const,
  })),
  { op: 'Gelu', inputs: [x], attributes: { approximate: { string: 'none' } } },
  { op: 'Gelu', inputs: [x], attributes: { approximate: { string: 'tanh' } }, what: 'by tanh' },
  { op: 'LeakyRelu', inputs: [x], attributes: { alpha: { float: 0.02 } } },
  { op: 'Clip', inputs: [x, { floats: [-0.5], dims: [] }, { floats: [0.25], dims: [] }] },
  { op: 'Cast', inputs: [x], attributes: { to: { int: ElementType.INT64 } }, type: 'int64' },
  { op: 'Reshape', inputs: [x, { ints: [0, -1] }] },
  { op: 'Expand', inputs: [{ f: [3, 1] }, { ints: [2, 1, 4] }] },
  { op: 'Unsqueeze', inputs: [x, { ints: [0, 3] }] },
  { op: 'Squeeze', inputs: [{ f: [2, 1, 3, 1] }, { ints: [1, -1] }] },
  { op: 'Transpose', inputs: [x], attributes: { perm: { ints: [2, 0, 1] } } },
  { op: 'Concat', inputs: [x, { f: [2, 1, 4] }], attributes: { axis: { int: 1 } } },
  { op: 'Slice', inputs: [x, { ints: [1] }, { ints: [3] }, { ints: [2] }] },
  { op: 'Slice', inputs: [x, { ints: [-1] }, { ints: [-100] }, { ints: [1] }, { ints: [-1] }], what: 'backwards' },
  { op: 'Slice', inputs: [x, { ints: [0, 1] }, { ints: [100, -1] }, { ints: [0, -1] }], what: 'of two axes' },
  { op: 'Pad', inputs: [x, { ints: [0, 1, 0, 0, 0, 2] }, { floats: [9], dims: [] }] },
  { op: 'Gather', inputs: [rows, { i: [2, 2], values: [0, 4, 1, -1] }] },
  { op: 'Gather', inputs: [x, { ints: [2, 0] }], attributes: { axis: { int: 2 } }, what: 'of the last axis' },
  { op: 'Gather', inputs: [x, { int: 1 }], attributes: { axis: { int: 1 } }, what: 'of one place' },
  { op: 'GatherElements', inputs: [rows, { i: [5, 1], values: [0, 7, 3, -1, 2] }], attributes: { axis: { int: 1 } } },
  { op: 'Gemm', inputs: [rows, { f: [3, 8] }, { f: [3] }], attributes: { transB: { int: 1 } } },
  { op: 'Gemm', inputs: [rows, { f: [8, 3] }], what: 'without a bias' },
  { op: 'MatMul', inputs: [x, { f: [2, 4, 5] }] },
  { op: 'Softmax', inputs: [x], attributes: { axis: { int: -1 } } },
  { op: 'LogSoftmax', inputs: [x], attributes: { axis: { int: 1 } } },
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin'].flatMap((op) => [
    { op, inputs: [x, { ints: [-1] }] },
    { op, inputs: [x, { ints: [0, 2] }], attributes: { keepdims: { int: 0 } }, what: 'of two axes' },
  ]),
  {
    op: 'LayerNormalization',
    inputs: [rows, { f: [8] }, { f: [8] }],
    attributes: { axis: { int: -1 }, epsilon: { float: 1e-5 } },
  },
  { op: 'LayerNormalization', inputs: [rows, { f: [8] }], attributes: { axis: { int: -1 } }, what: 'without a bias' },
  {
    op: 'SimplifiedLayerNormalization',
    inputs: [rows, { f: [8] }],
    attributes: { axis: { int: -1 }, epsilon: { float: 1e-6 } },
  },
  ...[0, 1].map((interleaved) => ({
    op: 'RotaryEmbedding',
    domain: 'com.microsoft',
    inputs: [{ f: [2, 3, 16] }, { i: [2, 3], values: [0, 1, 2, 2, 1, 0] }, { f: [4, 4] }, { f: [4, 4] }] as Given[],
    attributes: { interleaved: { int: interleaved }, num_heads: { int: 2 } },
    what: interleaved === 1 ? 'interleaved' : '',
  })),
  {
    op: 'RotaryEmbedding',
    domain: 'com.microsoft',
    inputs: [{ f: [2, 3, 16] }, { i: [2, 3], values: [0, 1, 2, 2, 1, 0] }, { f: [4, 2] }, { f: [4, 2] }],
    attributes: { num_heads: { int: 2 }, rotary_embedding_dim: { int: 4 } },
    what: 'of a part',
  },
];

/** Repeatable numbers around `near`. */
function numbers(count: number, seed: number, near = 0): Float32Array {
  return Float32Array.from(
    { length: count },
    (_none, index) => near + 2 * (((index * 73 + seed * 31) % 97) / 97 - 0.5),
  );
}

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The graph of one node, and what it is fed with. */
function made({ op, inputs, attributes = {}, domain = '', type }: Case) {
  const g = new GraphBuilder(new Map());
  const feeds: Record<string, Tensor> = {};
  const names = inputs.map((given, place) => {
    const name = `input_${place}`;
    if ('floats' in given) return g.floats(given.dims, Float32Array.from(given.floats));
    if ('ints' in given) return g.ints(given.ints);
    if ('int' in given) return g.int(given.int);
    const shape = 'f' in given ? given.f : given.i;
    feeds[name] =
      'f' in given
        ? new Tensor('float32', numbers(elements(shape), place + 1, given.near), shape)
        : new Tensor('int64', BigInt64Array.from(given.values, BigInt), shape);
    return g.input({ name, type: 'f' in given ? ElementType.FLOAT : ElementType.INT64, dims: shape });
  });
  const outputType = { int64: ElementType.INT64, bool: ElementType.BOOL, float32: ElementType.FLOAT }[
    type ?? 'float32'
  ];
  g.output({ name: 'y', type: outputType, dims: [] }, g.node(op, names, { attributes, domain }));
  const graph = g.graph();
  return { graph: { ...graph, outputs: graph.outputs.map((one) => ({ ...one, dims: ['?'] })) }, feeds };
}

async function byOnnxRuntime(one: Case): Promise<{ shape: readonly number[]; values: number[] }> {
  const { graph, feeds } = made(one);
  // The shape of the output is the runtime's to find.
  const bytes = encodeModel({ ...graph, outputs: graph.outputs.map(({ name, type }) => ({ name, type, dims: [] })) });
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled', logSeverityLevel: 4 });
  const { y } = await session.run(feeds);
  await session.release();
  if (!y) throw new Error('no output');
  return { shape: y.dims, values: Array.from(y.data as ArrayLike<number | bigint>, Number) };
}

const computed = z.array(z.object({ shape: z.array(z.number()), values: z.array(z.number()) }));
const DTYPES: Readonly<Record<string, string>> = { float32: 'F32', int64: 'I64' };

function byTorch(python: string, cases: readonly Case[]) {
  const given = cases.map((one) => {
    const { graph, feeds } = made(one);
    const entries = Object.entries(feeds).map(([name, { type, dims, data }]) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array;
      const bytes = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
      return [name, { dtype: DTYPES[type], shape: dims, data: bytes }] as const;
    });
    return { document: documentOf(graph, ElementType.FLOAT, '/'), feeds: Object.fromEntries(entries) };
  });
  const { stdout, stderr, status } = spawnSync(python, [SCRIPT], { input: JSON.stringify(given), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return computed.parse(JSON.parse(stdout));
}

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

describe.each(pythons)('an operator on torch $torch gives what it gives on ONNX Runtime', ({ path }) => {
  const results = byTorch(path, CASES);

  it.each(CASES.map((one, index) => ({ ...one, name: `${one.op} ${one.what ?? ''}`.trim(), index })))(
    '$name',
    async ({ index, ...one }) => {
      const expected = await byOnnxRuntime(one);
      const actual = results[index];
      expect(actual?.shape).toEqual([...expected.shape]);
      for (const [place, value] of expected.values.entries())
        expect(Math.abs((actual?.values[place] ?? NaN) - value)).toBeLessThanOrEqual(1e-5 + 1e-5 * Math.abs(value));
    },
  );
});
