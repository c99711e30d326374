import type { GraphBuilder } from '../onnx/graph-builder.js';
import type { Inputs } from '../architectures/architecture.js';

/** The fused kernel takes heads of whole vector registers only. */
const FUSED_MULTIPLE = 8;

export interface AttentionShape {
  heads: number;
  keyValueHeads: number;
  headDimension: number;
  /** Factor on the scores; 1/sqrt(headDimension) when left out. */
  scale?: number;
  /** Keys that a query sees, itself included; all earlier ones when left out. */
  window?: number;
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
export function attention(g: GraphBuilder, inputs: Inputs, q: string, k: string, v: string, given: AttentionShape): string {
  const { heads, headDimension, keyBias } = given;
  // A bias differs by head, so every head needs a key of its own.
  const keyValueHeads = keyBias === undefined ? given.keyValueHeads : heads;
  const repeated = (x: string): string => (keyValueHeads === given.keyValueHeads ? x : repeatHeads(g, x, given));
  const used = keyBias === undefined ? headDimension : headDimension + 1;
  const width = Math.ceil(used / FUSED_MULTIPLE) * FUSED_MULTIPLE;
  const context = fused(
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
  return g.node('Reshape', [narrowed(g, context.values, heads, headDimension, width), g.node('Add', [context.zeros, g.ints([-1, heads * headDimension])])]);
}

/**
 * The runtime's fused kernel. It also gives keys and values for a cache: without them it takes a slower path, and what
 * nobody reads stays in memory until the end of the run, so their shapes are read.
 * @returns values: [batch, sequence, heads * headDimension]; zeros: [2] int64, there when keys and values may go
 */

function fused(g: GraphBuilder, inputs: Inputs, [q, k, v]: readonly [string, string, string], shape: AttentionShape, width: number): { values: string; zeros: string } {
  const { heads, keyValueHeads, headDimension, scale, window, softcap } = shape;
  const past = inputs.cache?.past(g, keyValueHeads, width) ?? ['', ''];
  const values = g.node(
    'GroupQueryAttention',
    [q, k, v, ...past, inputs.lastIndex, inputs.length, '', '', '', ...(inputs.attentionBias === undefined ? [] : [inputs.attentionBias])],
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
  const [keys, kept] = present.map((value) => g.node('Shape', [value], { attributes: { start: { int: 0 }, end: { int: 2 } } })) as [string, string];
  return { values, zeros: g.node('Sub', [keys, kept]) };
}

/**
 * Zeros behind each head change no product; a one behind a query and a bias behind its key add that bias to the score.
 * [batch, sequence, heads * from] -> [batch, sequence, heads * to]
 * @param extra what stands at place `from`: ones, or a value [batch, sequence, heads]
 */
function widened(g: GraphBuilder, x: string, heads: number, from: number, to: number, extra?: string): string {
  if (from === to) return x;
  const split = g.node('Reshape', [x, g.ints([0, 0, heads, from])]);
  const pad = (value: string, by: number, fill: number): string => (by === 0 ? value : g.node('Pad', [value, g.ints([0, 0, 0, 0, 0, 0, 0, by]), g.scalar(fill)]));
  const longer = extra === 'one' ? pad(split, 1, 1) : extra === undefined ? split : g.node('Concat', [split, g.node('Unsqueeze', [extra, g.ints([3])])], { attributes: { axis: { int: 3 } } });
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
