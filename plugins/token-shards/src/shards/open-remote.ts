import type { Clock } from '@assay/core/contracts/clock';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { OpenShard } from '../draw/shard.js';
import { shardErrors } from '../errors.js';
import { HEADER_BYTES, readNpyHeader } from '../npy/header.js';
import type { OpenedBytes } from '../places/opened.js';
import { shownPlace } from '../places/place.js';
import type { RemotePlace, Remotes } from '../places/remote.js';
import { retrying } from '../places/retrying.js';
import { FileShard } from './file-shard.js';
import { RemoteShard } from './remote-shard.js';
import type { ShardCache, WantedShard } from './shard-cache.js';

interface RemoteDeps {
  remotes: Remotes;
  cache: ShardCache;
  clock: Clock;
}

/** What a manifest says of a shard on a server. */
interface NamedShard {
  name: string;
  /** Where it may lie; the first that is there counts. */
  places: readonly RemotePlace[];
  sha256: string | undefined;
}

/**
 * Opens a shard by its first bytes. It is fetched as a whole where a hash has to be verified or the server answers no ranges, and
 * kept; one that is kept in this version is not fetched again.
 */
export async function openRemoteShard(shard: NamedShard, deps: RemoteDeps, signal: AbortSignal): Promise<OpenShard> {
  const found = await firstThere(shard, deps, signal);
  const kept = await deps.cache.find(found.wanted);
  if (kept) return FileShard.over(shard.name, kept);
  const whole = async (stop: AbortSignal): Promise<OpenShard> =>
    FileShard.over(shard.name, await deps.cache.fetch(found.wanted, stop));
  const { size, version } = found.wanted;
  if (!found.start || size === undefined || shard.sha256 !== undefined) return whole(signal);
  const header = readNpyHeader(shard.name, found.start, size);
  return new RemoteShard(header, { shard: shard.name, place: found.place, size, version }, { ...deps, whole });
}

interface FoundShard {
  place: RemotePlace;
  wanted: WantedShard;
  /** Its first bytes, where the server answers ranges. */
  start: Buffer | undefined;
}

async function firstThere(shard: NamedShard, deps: RemoteDeps, signal: AbortSignal): Promise<FoundShard> {
  let missing: unknown = shardErrors.SHARD_MISSING({ shard: shard.name, reason: 'it has no place' });
  for (const place of shard.places) {
    try {
      return await retrying(deps.clock, signal, () => probed(shard, place, deps, signal));
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'SHARD_MISSING') throw error;
      missing = error;
    }
  }
  throw missing;
}

async function probed(
  { name, sha256 }: NamedShard,
  place: RemotePlace,
  { remotes }: RemoteDeps,
  signal: AbortSignal,
): Promise<FoundShard> {
  const opened = await remotes.open(place, { start: 0, end: HEADER_BYTES }, signal);
  try {
    const { size, version, end } = opened;
    const wanted: WantedShard = {
      ...{ shard: name, id: shownPlace(place), size, version, sha256 },
      openAt: (start, stop) => remotes.open(place, { start, end: size ?? Number.MAX_SAFE_INTEGER }, stop),
    };
    // A whole answer of a large file is not read here: the cache asks for it again, and keeps it.
    const start = end === undefined || end > HEADER_BYTES ? undefined : await bytesOf(opened);
    return { place, wanted, start };
  } finally {
    await opened.close();
  }
}

async function bytesOf({ bytes }: Pick<OpenedBytes, 'bytes'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
