import type { GraphBuilder } from '../graph/graph-builder.js';
import { softened } from './activation.js';
import { delayed, vector } from './linear.js';

/** Rows that are turned into logits at a time. */
const ROWS = 4096;
/** Logits of a block, and elements of its part of the matrix: 32 MiB of float32 each. */
const BLOCK_ELEMENTS = 8 * 1024 * 1024;
/** Whole registers and cache lines. */
const MULTIPLE = 64;

/** The projection from hidden states to logits. */
export interface Head {
  /** [vocabulary, hidden] */
  weight: string;
  bias?: string;
  /** Logits become cap * tanh(logit / cap). */
  softcap?: number;
}

interface Block {
  start: number;
  end: number;
}

function blocksOf(total: number, size: number): Block[] {
  return Array.from({ length: Math.ceil(total / size) }, (_none, index) => ({
    start: index * size,
    end: Math.min((index + 1) * size, total),
  }));
}

/**
 * The vocabulary in blocks that are computed one after the other, so that the logits are never there as a whole, and of a
 * matrix in half precision only one block is float32 at a time.
 */
function vocabularyBlocks(g: GraphBuilder, { weight }: Head, rows: number): Block[] {
  const [vocabulary = 0, width = 0] = g.shapeOf(weight);
  if (g.target.whole === true) return [{ start: 0, end: vocabulary }];
  return blocksOf(
    vocabulary,
    Math.max(MULTIPLE, Math.floor(BLOCK_ELEMENTS / Math.max(rows, width) / MULTIPLE) * MULTIPLE),
  );
}

/** One block of the matrix, not before `after` is there: [entries, width] */
function matrixBlock(g: GraphBuilder, { weight }: Head, { start, end }: Block, after: string): string {
  if (g.target.whole === true) return g.weight(weight);
  const rows = delayed(
    g,
    g.weightRows(weight, start, end),
    { type: g.typeOf(weight), dims: [end - start, g.shapeOf(weight)[1] ?? 0] },
    after,
  );
  return g.isReady(weight) ? rows : g.converted(rows);
}

/** hidden: [rows, width], matrix: [entries, width] -> [rows, entries], float32 */
function logits(g: GraphBuilder, hidden: string, matrix: string, head: Head, { start, end }: Block): string {
  const { bias, softcap } = head;
  const shift = bias === undefined ? [] : [vector(g, bias, g.target.whole === true ? undefined : { start, end })];
  const raw = g.node('Gemm', [hidden, matrix, ...shift], { attributes: { transB: { int: 1 } } });
  return g.toFloat32(softcap === undefined ? raw : softened(g, raw, softcap));
}

/** Logits of the last position of each row of the batch. hidden: [batch * sequence, width] -> [batch, vocabulary] */
export function lastLogits(g: GraphBuilder, hidden: string, head: Head, batch: number, width: number): string {
  const rows = g.node('Reshape', [hidden, g.ints([batch, -1, width])]);
  const last = g.node('Gather', [rows, g.ints([-1])], { attributes: { axis: { int: 1 } } });
  const flat = g.node('Reshape', [last, g.ints([batch, width])]);
  let previous = flat;
  const parts = vocabularyBlocks(g, head, batch).map((block) => {
    previous = logits(g, flat, matrixBlock(g, head, block, previous), head, block);
    return previous;
  });
  return g.node('Concat', parts, { attributes: { axis: { int: 1 } } });
}

/**
 * Cross entropy in nats of each position against the next token: log of the sum of exponentials over the vocabulary, put
 * together from its blocks, less the label's own logit.
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
  if (g.target.whole === true) return wholeLosses(g, hidden, labels, head, batch);
  const bySequence = g.node('Reshape', [hidden, g.ints([batch, sequence, width])]);
  const predicting = g.node('Reshape', [slice(g, bySequence, { start: 0, end: sequence - 1 }, 1), g.ints([-1, width])]);
  const blocks = vocabularyBlocks(g, head, Math.min(ROWS, batch * (sequence - 1)));
  const entries = blocks[0]?.end ?? 1;
  const chunks = blocksOf(batch * (sequence - 1), ROWS).map((rows) => {
    const own = slice(g, labels, rows, 0);
    return {
      dims: [rows.end - rows.start, width],
      hidden: slice(g, predicting, rows, 0),
      block: g.node('Div', [own, g.ints([entries])]),
      places: g.node('Mod', [own, g.ints([entries])]),
      parts: [] as string[],
    };
  });
  let previous = predicting;
  for (const block of blocks) {
    // Each block waits for the one before: otherwise the runtime computes them all before it reduces the first.
    const matrix = matrixBlock(g, head, block, previous);
    for (const [index, chunk] of chunks.entries()) {
      const waiting =
        index === 0
          ? chunk.hidden
          : delayed(g, chunk.hidden, { type: g.target.computeType, dims: chunk.dims }, previous);
      // The last block may be shorter than the places reach.
      const places =
        block.end - block.start === entries
          ? chunk.places
          : g.node('Min', [chunk.places, g.ints([block.end - block.start - 1])]);
      previous = reduced(g, logits(g, waiting, matrix, head, block), places);
      chunk.parts.push(previous);
    }
  }
  const losses = chunks.map((chunk) => chunkLosses(g, chunk.parts, chunk.block));
  return losses.length === 1 ? (losses[0] ?? '') : g.node('Concat', losses, { attributes: { axis: { int: 0 } } });
}

/** The same as one node for an engine that brings it. */
function wholeLosses(
  g: GraphBuilder,
  hidden: string,
  labels: string,
  { weight, bias, softcap }: Head,
  batch: number,
): string {
  return g.block('TokenLosses', [hidden, labels, g.weight(weight), ...(bias === undefined ? [] : [vector(g, bias)])], {
    batch: { int: batch },
    ...(softcap === undefined ? {} : { softcap: { float: softcap } }),
  });
}

/**
 * What is kept of a block of logits [rows, entries]: log-sum-exp, and the logit at the label's place, which is the
 * label's where the label is in this block. places: [rows, 1] -> [rows, 2]
 */
function reduced(g: GraphBuilder, scores: string, places: string): string {
  const picked = g.node('GatherElements', [scores, places], { attributes: { axis: { int: 1 } } });
  return g.node('Concat', [logSumExp(g, scores), picked], { attributes: { axis: { int: 1 } } });
}

/** log(sum(exp(x))) of each row: its highest element less the highest of log(softmax(x)). No exponential can overflow. */
function logSumExp(g: GraphBuilder, x: string): string {
  const shares = g.node('LogSoftmax', [x], { attributes: { axis: { int: 1 } } });
  return g.node('Sub', [g.node('ReduceMax', [x, g.ints([1])]), g.node('ReduceMax', [shares, g.ints([1])])]);
}

/** parts: of each block of the vocabulary, [rows, 2]; block: which of them holds the label, [rows, 1] -> [rows, 1] */
function chunkLosses(g: GraphBuilder, parts: readonly string[], block: string): string {
  const all = g.node('Reshape', [
    g.node('Concat', parts, { attributes: { axis: { int: 1 } } }),
    g.ints([0, parts.length, 2]),
  ]);
  const [sums, picked] = [0, 1].map((part) =>
    g.node('Gather', [all, g.int(part)], { attributes: { axis: { int: 2 } } }),
  ) as [string, string];
  return g.node('Sub', [
    logSumExp(g, sums),
    g.node('GatherElements', [picked, block], { attributes: { axis: { int: 1 } } }),
  ]);
}

const slice = (g: GraphBuilder, value: string, { start, end }: Block, axis: number): string =>
  g.node('Slice', [value, g.ints([start]), g.ints([end]), g.ints([axis])]);
