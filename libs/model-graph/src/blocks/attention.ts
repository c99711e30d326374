import type { Inputs } from '../architectures/architecture.js';
import { ElementType } from '../graph/graph.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { softened } from './activation.js';

/** The fused kernel takes heads of whole vector registers only. */
const FUSED_MULTIPLE = 8;

/** Lowest finite number of each type. */
const LOWEST: Readonly<Record<number, number>> = {
  [ElementType.FLOAT]: -3.4028234663852886e38,
  [ElementType.FLOAT16]: -65_504,
  [ElementType.BFLOAT16]: -3.3895313892515355e38,
};

export interface AttentionShape {
  heads: number;
  keyValueHeads: number;
  headDimension: number;
  /** Factor on the scores; 1/sqrt(headDimension) when left out. */
  scale?: number;
  /** Keys that a query sees, itself included; all earlier ones when left out. */
  window?: number | undefined;
  /** Scores become cap * tanh(score / cap). */
  softcap?: number;
  /** Added to the scores of a key before they are scaled: [batch, sequence, heads] */
  keyBias?: string;
}

/**
 * Causal attention with grouped keys and values (Vaswani et al. 2017; Ainslie et al. 2023).
 * q: [batch, sequence, heads * headDimension], k and v: [batch, sequence, keyValueHeads * headDimension]
 * @returns [batch * sequence, heads * headDimension]
 */
export function attention(
  g: GraphBuilder,
  inputs: Inputs,
  q: string,
  k: string,
  v: string,
  given: AttentionShape,
): string {
  if (g.target.whole === true) return whole(g, inputs, [q, k, v], given);
  const { heads, headDimension, keyBias } = given;
  // A bias differs by head, so every head needs a key of its own.
  const keyValueHeads = keyBias === undefined ? given.keyValueHeads : heads;
  const repeated = (x: string): string => (keyValueHeads === given.keyValueHeads ? x : repeatHeads(g, x, given));
  const used = keyBias === undefined ? headDimension : headDimension + 1;
  const width = Math.ceil(used / FUSED_MULTIPLE) * FUSED_MULTIPLE;
  const context = (g.target.attention === 'fused' ? fused : plain)(
    g,
    inputs,
    [
      widened(g, q, heads, headDimension, width, keyBias === undefined ? undefined : 'one'),
      widened(g, repeated(k), keyValueHeads, headDimension, width, keyBias),
      widened(g, repeated(v), keyValueHeads, headDimension, width),
    ],
    { ...given, keyValueHeads },
    width,
  );
  return g.node('Reshape', [
    narrowed(g, context.values, heads, headDimension, width),
    g.node('Add', [context.zeros, g.ints([-1, heads * headDimension])]),
  ]);
}

/** One node for an engine that brings attention. */
function whole(
  g: GraphBuilder,
  inputs: Inputs,
  values: readonly [q: string, k: string, v: string],
  { heads, keyValueHeads, headDimension, scale, window, softcap, keyBias }: AttentionShape,
): string {
  if (inputs.cache) throw new Error('an engine of whole blocks computes every sequence from its beginning');
  const context = g.block('Attention', [...values, keyBias ?? '', inputs.attentionBias ?? ''], {
    heads: { int: heads },
    key_value_heads: { int: keyValueHeads },
    head_dimension: { int: headDimension },
    scale: { float: scale ?? 1 / Math.sqrt(headDimension) },
    ...(window === undefined ? {} : { window: { int: window } }),
    ...(softcap === undefined ? {} : { softcap: { float: softcap } }),
  });
  return g.node('Reshape', [context, g.ints([-1, heads * headDimension])]);
}

/** @returns values: [batch, sequence, heads * width]; zeros: [2] int64, there when keys and values may go */
interface Context {
  values: string;
  zeros: string;
}

/**
 * The runtime's kernel. It also gives keys and values for a cache: without them it takes a slower path, and what nobody
 * reads stays in memory until the end of the run, so their shapes are read.
 */
function fused(
  g: GraphBuilder,
  inputs: Inputs,
  [q, k, v]: readonly [string, string, string],
  shape: AttentionShape,
  width: number,
): Context {
  const { heads, keyValueHeads, headDimension, scale, window, softcap } = shape;
  const past = inputs.cache?.past(g, keyValueHeads, width) ?? ['', ''];
  const values = g.node(
    'GroupQueryAttention',
    [
      q,
      k,
      v,
      ...past,
      inputs.lastIndex,
      inputs.length,
      '',
      '',
      '',
      ...(inputs.attentionBias === undefined ? [] : [g.activation(inputs.attentionBias)]),
    ],
    {
      domain: 'com.microsoft',
      outputs: 3,
      attributes: {
        num_heads: { int: heads },
        kv_num_heads: { int: keyValueHeads },
        scale: { float: scale ?? 1 / Math.sqrt(headDimension) },
        ...(window === undefined ? {} : { local_window_size: { int: window } }),
        ...(softcap === undefined ? {} : { softcap: { float: softcap } }),
      },
    },
  );
  const present = [`${values}_1`, `${values}_2`] as const;
  inputs.cache?.keep(g, present);
  const [keys, kept] = present.map((value) =>
    g.node('Shape', [value], { attributes: { start: { int: 0 }, end: { int: 2 } } }),
  ) as [string, string];
  return { values, zeros: g.node('Sub', [keys, kept]) };
}

/** The same from elementary operators, for devices whose kernel is missing or wrong. */
function plain(
  g: GraphBuilder,
  inputs: Inputs,
  [q, k, v]: readonly [string, string, string],
  shape: AttentionShape,
  width: number,
): Context {
  const { heads, keyValueHeads, headDimension, scale, softcap } = shape;
  const byHead = (x: string, count: number): string =>
    g.node('Transpose', [g.node('Reshape', [x, g.ints([0, 0, count, width])])], {
      attributes: { perm: { ints: [0, 2, 1, 3] } },
    });
  const past = inputs.cache?.past(g, keyValueHeads, width);
  const [keys, values] = [k, v].map((x, part) => {
    const own = byHead(x, keyValueHeads);
    return past ? g.node('Concat', [past[part] ?? '', own], { attributes: { axis: { int: 2 } } }) : own;
  }) as [string, string];
  inputs.cache?.keep(g, [keys, values]);
  const scaled = g.node('Mul', [byHead(q, heads), g.scalar(scale ?? 1 / Math.sqrt(headDimension))]);
  const turned = g.node('Transpose', [shared(g, keys, shape, width)], { attributes: { perm: { ints: [0, 1, 3, 2] } } });
  const raw = g.node('MatMul', [scaled, turned]);
  const scores = g.node('Add', [
    softcap === undefined ? raw : softened(g, raw, softcap),
    mask(g, inputs, shape.window),
  ]);
  const weights = g.node('Softmax', [scores], { attributes: { axis: { int: -1 } } });
  const context = g.node('MatMul', [weights, shared(g, values, shape, width)]);
  const rows = g.node('Transpose', [context], { attributes: { perm: { ints: [0, 2, 1, 3] } } });
  return { values: g.node('Reshape', [rows, g.ints([0, 0, heads * width])]), zeros: g.ints([0, 0]) };
}

/** Each key or value head once for every query head that shares it: [batch, keyValueHeads, keys, width] -> [batch, heads, keys, width] */
function shared(g: GraphBuilder, x: string, { heads, keyValueHeads }: AttentionShape, width: number): string {
  if (heads === keyValueHeads) return x;
  const repeated = g.node('Expand', [
    g.node('Unsqueeze', [x, g.ints([2])]),
    g.ints([1, 1, heads / keyValueHeads, 1, 1]),
  ]);
  // Zero keeps a dimension where it stands: the number of heads comes first to be merged.
  const sizes = g.node(
    'Concat',
    [g.ints([0, heads]), g.node('Shape', [x], { attributes: { start: { int: 2 }, end: { int: 3 } } }), g.ints([width])],
    { attributes: { axis: { int: 0 } } },
  );
  return g.node('Reshape', [repeated, sizes]);
}

/** Added to the scores: nothing where a query may see a key, the lowest number elsewhere. [batch, 1, sequence, keys] */
function mask(g: GraphBuilder, inputs: Inputs, window: number | undefined): string {
  return g.once(`mask:${window ?? ''}`, () => {
    const length = g.node('Cast', [inputs.length], { attributes: { to: { int: ElementType.INT64 } } });
    const keys = g.node('Range', [g.int(0), length, g.int(1)]);
    const distance = g.node('Sub', [g.node('Unsqueeze', [inputs.places, g.ints([1, 3])]), keys]);
    const causal = g.node('GreaterOrEqual', [distance, g.int(0)]);
    const seen = window === undefined ? causal : g.node('And', [causal, g.node('Less', [distance, g.int(window)])]);
    const base = g.node('Where', [seen, g.scalar(0), g.scalar(LOWEST[g.target.computeType] ?? -Infinity)]);
    return inputs.attentionBias === undefined ? base : g.node('Min', [base, g.activation(inputs.attentionBias)]);
  });
}

/**
 * Zeros behind each head change no product; a one behind a query and a bias behind its key add that bias to the score.
 * [batch, sequence, heads * from] -> [batch, sequence, heads * to]
 * @param extra what stands at place `from`: ones, or a value [batch, sequence, heads]
 */
function widened(g: GraphBuilder, x: string, heads: number, from: number, to: number, extra?: string): string {
  if (from === to) return x;
  const split = g.node('Reshape', [x, g.ints([0, 0, heads, from])]);
  const pad = (value: string, by: number, fill: number): string =>
    by === 0 ? value : g.node('Pad', [value, g.ints([0, 0, 0, 0, 0, 0, 0, by]), g.scalar(fill)]);
  const longer =
    extra === 'one'
      ? pad(split, 1, 1)
      : extra === undefined
        ? split
        : g.node('Concat', [split, g.node('Unsqueeze', [extra, g.ints([3])])], { attributes: { axis: { int: 3 } } });
  return g.node('Reshape', [pad(longer, to - from - (extra === undefined ? 0 : 1), 0), g.ints([0, 0, heads * to])]);
}

/** Each key or value once for every query that shares it. */
function repeatHeads(g: GraphBuilder, x: string, { heads, keyValueHeads, headDimension }: AttentionShape): string {
  const split = g.node('Reshape', [x, g.ints([0, 0, keyValueHeads, 1, headDimension])]);
  const expanded = g.node('Expand', [split, g.ints([1, 1, 1, heads / keyValueHeads, 1])]);
  return g.node('Reshape', [expanded, g.ints([0, 0, heads * headDimension])]);
}

function narrowed(g: GraphBuilder, x: string, heads: number, from: number, to: number): string {
  if (from === to) return x;
  const split = g.node('Reshape', [x, g.ints([0, 0, heads, to])]);
  return g.node('Slice', [split, g.ints([0]), g.ints([from]), g.ints([3])]);
}

/** [batch * sequence, width] -> [batch, sequence, width] */
export const byRow = (g: GraphBuilder, inputs: Inputs, x: string, width: number): string =>
  g.node('Reshape', [x, g.ints([inputs.batch, -1, width])]);
