import { breathe } from '@assay/core/datasets/breathe';
import { NumpyGenerator } from '@assay/lib-numpy-random';
import { shardErrors } from '../errors.js';
import { inSteps } from './in-steps.js';
import { layoutOf, type Layout } from './layout.js';
import type { DrawRequest } from './request.js';
import type { OpenShard, Shard, Source, Span } from './shard.js';
import { sourceSeed } from './source-seed.js';
import { sourceTargets } from './targets.js';

/** Runs of tokens that are read at a time: narrow records make thousands of each sequence. */
const SPANS_AT_ONCE = 100_000;

export interface DrawnRow {
  ids: Uint32Array;
  /** Counts all shards that were read, of all sources. */
  shard: number;
}

interface SourceRequest extends DrawRequest {
  /** Sequences that this source gives. */
  target: number;
  /** Number of its first shard. */
  firstShard: number;
}

/** The sequences of one source, and names of the shards that were read. */
export async function drawSource(
  source: Source,
  request: SourceRequest,
  signal: AbortSignal,
): Promise<{ rows: DrawnRow[]; used: string[] }> {
  const { target, vocabulary, firstShard, shardsPerSource } = request;
  const { shards, name } = source;
  const random = new NumpyGenerator(sourceSeed(request.seed, name));
  const spread = shardsPerSource > 0 ? Math.min(shardsPerSource, shards.length) : shards.length;
  const parts = sourceTargets(target, spread);
  const rows: DrawnRow[] = [];
  const used: string[] = [];
  for (const [index, shard] of shards.entries()) {
    const missing = target - rows.length;
    if (missing === 0) break;
    const part = parts[index] ?? missing;
    // Some of them may be dropped.
    const asked = vocabulary > 0 ? Math.floor(part * 1.5) + 8 : part;
    const taken = await rowsOf(shard, random, { ...request, asked, missing }, signal);
    for (const ids of taken) rows.push({ ids, shard: firstShard + used.length });
    used.push(shard.name);
  }
  if (rows.length < target)
    throw shardErrors.SEQUENCES_TOO_FEW({ source: name, found: rows.length, wanted: target, shards: used.length });
  return { rows, used };
}

interface ShardRequest extends SourceRequest {
  /** Sequences that are drawn from the shard. */
  asked: number;
  /** Sequences that are needed: the rest of what is drawn is not read. */
  missing: number;
}

async function rowsOf(
  shard: Shard,
  random: NumpyGenerator,
  request: ShardRequest,
  signal: AbortSignal,
): Promise<Uint32Array[]> {
  const opened = await shard.open(signal);
  try {
    const layout = layoutOf(shard.name, opened.header, {
      record: shard.record ?? request.base,
      sequence: request.sequence,
    });
    const drawn = await drawnStarts(random, layout.starts, request.asked, signal);
    return await wholeRows(opened, layout, drawn, request, signal);
  } finally {
    await opened.close();
  }
}

/** Everything in another order where as much is asked for, else a choice. A shard without a start uses up no random number. */
async function drawnStarts(
  random: NumpyGenerator,
  starts: number,
  asked: number,
  signal: AbortSignal,
): Promise<Uint32Array> {
  if (starts === 0) return new Uint32Array(0);
  if (asked >= starts) {
    const all = Uint32Array.from({ length: starts }, (_none, start) => start);
    await inSteps(random.shuffleInSteps(all), signal);
    return all;
  }
  return inSteps(random.choiceInSteps(starts, asked), signal);
}

/** Sequences without an id beyond the vocabulary, in the order drawn, until there are enough. */
async function wholeRows(
  opened: OpenShard,
  layout: Layout,
  starts: Uint32Array,
  { missing, vocabulary }: ShardRequest,
  signal: AbortSignal,
): Promise<Uint32Array[]> {
  const kept: Uint32Array[] = [];
  const atOnce = Math.max(1, Math.floor(SPANS_AT_ONCE / layout.pieces));
  for (let from = 0; from < starts.length && kept.length < missing;) {
    const wanted = starts.subarray(from, from + Math.min(atOnce, missing - kept.length));
    const rows = await opened.read(
      Array.from(wanted, (start) => spansOf(layout, start)),
      signal,
    );
    for (const ids of rows) {
      if (vocabulary === 0 || isWithin(ids, vocabulary)) kept.push(ids);
      await breathe(signal);
    }
    from += wanted.length;
  }
  return kept;
}

const spansOf = ({ stride, pieces, piece }: Layout, start: number): Span[] =>
  Array.from({ length: pieces }, (_none, index) => ({ at: (start + index) * stride, tokens: piece }));

function isWithin(ids: Uint32Array, vocabulary: number): boolean {
  for (let index = 0; index < ids.length; index += 1) if ((ids[index] ?? 0) >= vocabulary) return false;
  return true;
}
