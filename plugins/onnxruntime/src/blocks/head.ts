import type { GraphBuilder } from '../onnx/graph-builder.js';
import { matrixAsFloat, vectorAsFloat } from './linear.js';

/** Rows that are turned into logits at a time: bounds the memory at rows * vocabulary floats. */
const CHUNK_ROWS = 256;

/** The projection from hidden states to logits. */
export interface Head {
  /** [vocabulary, hidden] */
  weight: string;
  bias?: string;
  /** Logits become cap * tanh(logit / cap). */
  softcap?: number;
}

/** hidden: [rows, width] -> [rows, vocabulary]. The float32 matrix is passed in, so that all chunks share one. */
function logits(g: GraphBuilder, hidden: string, matrix: string, head: Head): string {
  const inputs = [hidden, matrix, ...(head.bias === undefined ? [] : [vectorAsFloat(g, head.bias)])];
  const raw = g.node('Gemm', inputs, { attributes: { transB: { int: 1 } } });
  if (head.softcap === undefined) return raw;
  const cap = g.scalar(head.softcap);
  return g.node('Mul', [g.node('Tanh', [g.node('Div', [raw, cap])]), cap]);
}

/** Logits of the last position of each row of the batch. hidden: [batch * sequence, width] -> [batch, vocabulary] */
export function lastLogits(g: GraphBuilder, hidden: string, head: Head, batch: number, width: number): string {
  const rows = g.node('Reshape', [hidden, g.ints([batch, -1, width])]);
  const last = g.node('Gather', [rows, g.ints([-1])], { attributes: { axis: { int: 1 } } });
  const flat = g.node('Reshape', [last, g.ints([batch, width])]);
  return logits(g, flat, matrixAsFloat(g, head.weight, flat), head);
}

/**
 * Cross entropy in nats of each position against the next token, in chunks of rows.
 * hidden: [batch * sequence, width], labels: [batch * (sequence - 1), 1] -> [batch * (sequence - 1), 1]
 */
export function tokenLosses(
  g: GraphBuilder,
  hidden: string,
  labels: string,
  head: Head,
  size: { batch: number; sequence: number; width: number },
): string {
  const { batch, sequence, width } = size;
  const rows = g.node('Reshape', [hidden, g.ints([batch, sequence, width])]);
  const predicting = slice(g, rows, 0, sequence - 1, 1);
  const flat = g.node('Reshape', [predicting, g.ints([batch * (sequence - 1), width])]);
  const matrix = matrixAsFloat(g, head.weight, flat);
  const chunks: string[] = [];
  for (let start = 0; start < batch * (sequence - 1); start += CHUNK_ROWS) {
    const end = Math.min(start + CHUNK_ROWS, batch * (sequence - 1));
    const probabilities = g.node('LogSoftmax', [logits(g, slice(g, flat, start, end, 0), matrix, head)], { attributes: { axis: { int: -1 } } });
    chunks.push(g.node('GatherElements', [probabilities, slice(g, labels, start, end, 0)], { attributes: { axis: { int: 1 } } }));
  }
  const all = chunks.length === 1 ? (chunks[0] ?? '') : g.node('Concat', chunks, { attributes: { axis: { int: 0 } } });
  return g.node('Neg', [all]);
}

const slice = (g: GraphBuilder, value: string, start: number, end: number, axis: number): string =>
  g.node('Slice', [value, g.ints([start]), g.ints([end]), g.ints([axis])]);

