import { PythonRandom } from '@assay/core/sampling/python-random';
import { inSteps } from './in-steps.js';
import { drawSource, type DrawnRow } from './draw-source.js';
import type { DrawRequest } from './request.js';
import type { Shard, Source } from './shard.js';
import { sourceTargets } from './targets.js';

export interface Drawn {
  /** In the order in which they are scored. */
  rows: Uint32Array[];
  /** Of each row the name of its source. */
  labels: string[];
  /** Of each row its shard, as an index into `used`. */
  clusters: number[];
  /** Every shard that was read, in order. */
  used: { source: string; shard: string }[];
}

/**
 * Draws sequences as subnet 3's validator does (unarbos/teutonic 092a369, npy_sources.py and eval_server_quasar_pair.py): one
 * CPython generator of the request's seed shuffles the shards of each source, then all sequences; numpy's generator of a seed of
 * its own draws within each source.
 *
 * @throws SEQUENCES_TOO_FEW, RECORDS_DO_NOT_DIVIDE, and whatever a shard throws
 */
export async function draw(sources: readonly Source[], request: DrawRequest, signal: AbortSignal): Promise<Drawn> {
  const random = new PythonRandom(request.seed);
  const shuffled: (Omit<Source, 'shards'> & { shards: Shard[] })[] = [];
  for (const source of sources) {
    const shards = [...source.shards];
    await inSteps(random.shuffleInSteps(shards), signal);
    shuffled.push({ ...source, shards });
  }
  const targets = sourceTargets(request.count, sources.length, weightsOf(sources));
  const rows: DrawnRow[] = [];
  const used: Drawn['used'] = [];
  for (const [index, source] of shuffled.entries()) {
    const drawn = await drawSource(
      source,
      { ...request, target: targets[index] ?? 0, firstShard: used.length },
      signal,
    );
    for (const row of drawn.rows) rows.push(row);
    for (const shard of drawn.used) used.push({ source: source.name, shard });
  }
  await inSteps(random.shuffleInSteps(rows), signal);
  return {
    rows: rows.map(({ ids }) => ids),
    labels: rows.map(({ shard }) => used[shard]?.source ?? ''),
    clusters: rows.map(({ shard }) => shard),
    used,
  };
}

/** A source without a weight beside others with one counts as an equal part, as in the reference. */
function weightsOf(sources: readonly Source[]): number[] | undefined {
  if (sources.every(({ weight }) => weight === undefined)) return undefined;
  return sources.map(({ weight = 1 / sources.length }) => weight);
}
