import type { tinyTensors } from './folders.js';

type Vector = number[];
type Matrix = Vector[];

export interface Shape {
  vocabulary: number;
  width: number;
  inner: number;
  heads: number;
  keyHeads: number;
  headSize: number;
  window: number;
  layers: number;
}

const range = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);
const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const times = (matrix: Matrix, x: Vector): Vector => matrix.map((row) => dot(row, x));
const plus = (a: Vector, b: Vector): Vector => a.map((value, index) => value + (b[index] ?? 0));

/** Weights by the library's names, in any order: float32 values as plain numbers. */
type Weights = ReadonlyMap<string, { shape: number[]; values: Float32Array }>;

export function weightsOf(tensors: ReturnType<typeof tinyTensors>): Weights {
  return new Map(
    tensors.map(({ name, shape, bytes }) => [
      name,
      { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) },
    ]),
  );
}

/** Tensors of a Mistral of this shape, filled with deterministic noise. */
export function mistralTensors(shape: Shape, seed: number): ReturnType<typeof tinyTensors> {
  let state = seed;
  const noise = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 1.5;
  };
  const tensor = (name: string, ...dims: number[]): ReturnType<typeof tinyTensors>[number] => {
    const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, noise);
    return { name, dtype: 'F32', shape: dims, bytes: Buffer.from(values.buffer) };
  };
  const { vocabulary, width, inner, heads, keyHeads, headSize } = shape;
  const layer = (at: string): ReturnType<typeof tinyTensors> => [
    tensor(`${at}.input_layernorm.weight`, width),
    tensor(`${at}.self_attn.q_proj.weight`, heads * headSize, width),
    tensor(`${at}.self_attn.k_proj.weight`, keyHeads * headSize, width),
    tensor(`${at}.self_attn.v_proj.weight`, keyHeads * headSize, width),
    tensor(`${at}.self_attn.o_proj.weight`, width, heads * headSize),
    tensor(`${at}.post_attention_layernorm.weight`, width),
    tensor(`${at}.mlp.gate_proj.weight`, inner, width),
    tensor(`${at}.mlp.up_proj.weight`, inner, width),
    tensor(`${at}.mlp.down_proj.weight`, width, inner),
  ];
  return [
    tensor('model.embed_tokens.weight', vocabulary, width),
    ...range(shape.layers).flatMap((index) => layer(`model.layers.${index}`)),
    tensor('model.norm.weight', width),
    tensor('lm_head.weight', vocabulary, width),
  ];
}

function matrix(weights: Weights, name: string): Matrix {
  const { shape: [rows = 0, columns = 0] = [], values = new Float32Array() } = weights.get(name) ?? {};
  return range(rows).map((row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

function norm(weights: Weights, name: string, x: Vector): Vector {
  const root = Math.sqrt(dot(x, x) / x.length + 1e-6);
  return x.map((value, index) => (value / root) * (weights.get(name)?.values[index] ?? 0));
}

function rotated(head: Vector, position: number): Vector {
  const half = head.length / 2;
  return head.map((value, index) => {
    const angle = position * 10_000 ** ((-2 * (index % half)) / head.length);
    const other = index < half ? -(head[index + half] ?? 0) : (head[index - half] ?? 0);
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function attention(weights: Weights, shape: Shape, at: string, xs: Matrix): Matrix {
  const split = (name: string, heads: number, turn: boolean): Vector[][] => {
    const projection = matrix(weights, `${at}.${name}.weight`);
    return xs.map((x, position) => {
      const all = times(projection, x);
      return range(heads).map((head) => {
        const one = all.slice(head * shape.headSize, (head + 1) * shape.headSize);
        return turn ? rotated(one, position) : one;
      });
    });
  };
  const [queries, keys, values] = [
    split('q_proj', shape.heads, true),
    split('k_proj', shape.keyHeads, true),
    split('v_proj', shape.keyHeads, false),
  ];
  const output = matrix(weights, `${at}.o_proj.weight`);
  return queries.map((heads, i) => {
    const context = heads.flatMap((query, head) => {
      const shared = Math.floor((head * shape.keyHeads) / shape.heads);
      const seen = range(i + 1).filter((j) => j > i - shape.window);
      const scores = seen.map((j) => dot(query, keys[j]?.[shared] ?? []) / Math.sqrt(shape.headSize));
      const highest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - highest));
      const total = shares.reduce((a, b) => a + b, 0);
      return range(shape.headSize).map((place) =>
        seen.reduce((sum, j, index) => sum + ((shares[index] ?? 0) / total) * (values[j]?.[shared]?.[place] ?? 0), 0),
      );
    });
    return times(output, context);
  });
}

function mlp(weights: Weights, at: string, x: Vector): Vector {
  const gate = times(matrix(weights, `${at}.gate_proj.weight`), x).map((value) => value / (1 + Math.exp(-value)));
  const up = times(matrix(weights, `${at}.up_proj.weight`), x);
  return times(
    matrix(weights, `${at}.down_proj.weight`),
    gate.map((value, index) => value * (up[index] ?? 0)),
  );
}

/** Mean cross entropy of one row of tokens, in doubles, written down without regard for speed. */
export function plainLoss(weights: Weights, shape: Shape, tokens: readonly number[]): number {
  const embeddings = matrix(weights, 'model.embed_tokens.weight');
  let xs = tokens.map((token) => embeddings[token] ?? []);
  for (const layer of range(shape.layers)) {
    const at = `model.layers.${layer}`;
    const attended = attention(
      weights,
      shape,
      `${at}.self_attn`,
      xs.map((x) => norm(weights, `${at}.input_layernorm.weight`, x)),
    );
    xs = xs.map((x, index) => plus(x, attended[index] ?? []));
    xs = xs.map((x) => plus(x, mlp(weights, `${at}.mlp`, norm(weights, `${at}.post_attention_layernorm.weight`, x))));
  }
  const head = matrix(weights, 'lm_head.weight');
  const losses = tokens.slice(1).map((label, index) => {
    const logits = times(head, norm(weights, 'model.norm.weight', xs[index] ?? []));
    const highest = Math.max(...logits);
    return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) - (logits[label] ?? 0);
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}
