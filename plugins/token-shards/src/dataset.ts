import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetProvider, DatasetSample, SampleRequest } from '@assay/core/contracts/dataset-provider';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { DatasetDeps } from '@assay/core/plugin/plugin';
import type { S3Objects } from '@assay/lib-s3';
import { tokensDigest } from './draw/digest.js';
import { draw, type Drawn } from './draw/draw.js';
import type { OpenShard, Shard } from './draw/shard.js';
import { shardErrors } from './errors.js';
import type { ManifestEntry } from './manifests/documents.js';
import { readSources, sourcesOfBundle, sourcesOfConfig, type ReadSources } from './manifests/sources.js';
import { AWS_CREDENTIALS, DATASET, type ShardOptions } from './options.js';
import { configuredPlace, type Place } from './places/place.js';
import { Remotes, type RemotePlace } from './places/remote.js';
import { retrying } from './places/retrying.js';
import { openFileShard } from './shards/file-shard.js';
import { openRemoteShard } from './shards/open-remote.js';
import { ShardCache } from './shards/shard-cache.js';

/** Parsing more than this would hold up the process. */
const MAX_DOCUMENT_BYTES = 8 * 1024 ** 2;
/** Draws before a shard that changes again and again is given up. */
const DRAWS = 3;

type ShardDeps = Pick<DatasetDeps, 'clock' | 'dataDir' | 'resolvePath' | 'log'>;

/** Pre-tokenised shards of several sources, drawn as the validators of subnet 3 draw them. */
export class TokenShards implements DatasetProvider {
  readonly #remotes: Remotes;
  readonly #cache: ShardCache;

  constructor(
    private readonly options: ShardOptions,
    private readonly deps: ShardDeps,
  ) {
    const { cache, cacheBytes, s3, timeoutMs, requestsInFlight, requestsPerSecond } = options;
    const { clock, dataDir, resolvePath } = deps;
    const objects = async (): Promise<S3Objects> => {
      const { S3Objects: Objects } = await import('@assay/lib-s3');
      return new Objects(s3, { dataset: DATASET, credentials: AWS_CREDENTIALS });
    };
    this.#remotes = new Remotes({ timeoutMs, requestsInFlight, requestsPerSecond }, { clock, s3: objects });
    const folder = cache === undefined ? join(dataDir, 'shards') : resolvePath(cache);
    this.#cache = new ShardCache({ folder, maxBytes: cacheBytes }, { clock });
  }

  /** Draws `sequences`; where the request says pages, a page is one sequence. */
  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    signal.throwIfAborted();
    const { sources, digest } = await this.#sources(signal);
    const drawn = await this.#drawn(sources, request, signal);
    const tokens = await tokensDigest(drawn.rows, signal);
    const { batchSize } = request;
    const whole = Math.floor(drawn.rows.length / batchSize);
    return {
      batches: Array.from({ length: whole }, (_none, index) =>
        drawn.rows.slice(index * batchSize, (index + 1) * batchSize),
      ),
      pages: drawn.used.map(({ shard }) => shard),
      ...(batchSize === 1 ? { clusters: drawn.clusters } : {}),
      source: `manifests sha256:${digest}, tokens sha256:${tokens}`,
    };
  }

  /** Reads bundle and manifests. */
  async requireAccess(signal: AbortSignal): Promise<void> {
    await this.#sources(signal);
  }

  async #drawn(sources: ReadSources['sources'], request: SampleRequest, signal: AbortSignal): Promise<Drawn> {
    const { seed, sequences, pages, sequenceLength: sequence, tokenizer } = request;
    const { baseLength = sequence, vocabularySize = tokenizer.vocabularySize, shardsPerSource } = this.options;
    const asked = {
      ...{ seed, sequence, shardsPerSource, base: baseLength, vocabulary: vocabularySize },
      count: sequences ?? pages,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await draw(sources, asked, signal);
      } catch (error) {
        if (attempt === DRAWS || !isAssayError(error) || error.code !== 'SHARD_CHANGED') throw error;
        this.deps.log('warn', 'a shard has changed while it was read, and everything is drawn again', {
          reason: error.toReport().message,
        });
      }
    }
  }

  /** @throws MANIFESTS_NOT_PINNED, MANIFEST_UNUSABLE, PLACE_REFUSED, errors of the source */
  async #sources(signal: AbortSignal): Promise<ReadSources> {
    const { bundle, sources, manifests } = this.options;
    const { resolvePath } = this.deps;
    const read = (place: Place, stop: AbortSignal): Promise<Buffer> => this.#document(place, stop);
    const named =
      bundle === undefined
        ? sourcesOfConfig(sources ?? [], resolvePath)
        : await sourcesOfBundle(configuredPlace(bundle, resolvePath), { read }, signal);
    const shard = (name: string, places: readonly Place[], entry: ManifestEntry): Shard => ({
      name,
      record: entry.record,
      open: (stop) => this.#open(name, places, entry.sha256, stop),
    });
    const found = await readSources(named, { read, shard }, signal);
    const pinned = manifests?.replace('sha256:', '');
    if (pinned !== undefined && pinned !== found.digest)
      throw shardErrors.MANIFESTS_NOT_PINNED({ pinned, found: found.digest });
    return found;
  }

  async #open(
    name: string,
    places: readonly Place[],
    sha256: string | undefined,
    signal: AbortSignal,
  ): Promise<OpenShard> {
    const remote = places.filter((place): place is RemotePlace => place.kind !== 'file');
    if (remote.length > 0) {
      const { clock } = this.deps;
      return openRemoteShard(
        { name, places: remote, sha256 },
        { remotes: this.#remotes, cache: this.#cache, clock },
        signal,
      );
    }
    return openFirstFile(name, places, sha256, signal);
  }

  async #document(place: Place, signal: AbortSignal): Promise<Buffer> {
    if (place.kind === 'file') return documentIn(place.path);
    return retrying(this.deps.clock, signal, () => this.#remotes.read(place, MAX_DOCUMENT_BYTES, signal));
  }
}

async function openFirstFile(
  name: string,
  places: readonly Place[],
  sha256: string | undefined,
  signal: AbortSignal,
): Promise<OpenShard> {
  let missing: unknown = shardErrors.SHARD_MISSING({ shard: name, reason: 'it has no place' });
  for (const place of places) {
    try {
      if (place.kind === 'file') return await openFileShard(name, place.path, sha256, signal);
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'SHARD_MISSING') throw error;
      missing = error;
    }
  }
  throw missing;
}

async function documentIn(path: string): Promise<Buffer> {
  const unusable = (reason: string): Error => shardErrors.MANIFEST_UNUSABLE({ manifest: path, reason });
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > MAX_DOCUMENT_BYTES) throw unusable(`it has ${size} bytes; ${MAX_DOCUMENT_BYTES} are read`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isAssayError(error)) throw error;
    throw unusable(error instanceof Error ? error.message : String(error));
  }
}
