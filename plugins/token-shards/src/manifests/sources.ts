import { createHash } from 'node:crypto';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import type { Shard, Source } from '../draw/shard.js';
import { configuredPlace, manifestPlace, shardPlaces, shownPlace, sourceName, type Place } from '../places/place.js';
import { readBundle, readManifest, type ManifestEntry } from './documents.js';

/** A source as config or bundle name it. */
interface NamedSource {
  /** Seeds what is drawn. */
  name: string;
  weight: number | undefined;
  manifest: Place;
}

export interface ReadSources {
  sources: Source[];
  /** sha256 over names, weights and manifests, 64 hex digits. */
  digest: string;
}

interface SourceDeps {
  /** The text of a document. */
  read: (place: Place, signal: AbortSignal) => Promise<Buffer>;
  /** A shard at the first of its places that is there. */
  shard: (name: string, places: readonly Place[], entry: ManifestEntry) => Shard;
}

/** Sources that a bundle names, in its order. @throws MANIFEST_UNUSABLE, PLACE_REFUSED */
export async function sourcesOfBundle(
  bundle: Place,
  { read }: Pick<SourceDeps, 'read'>,
  signal: AbortSignal,
): Promise<NamedSource[]> {
  const entries = readBundle(shownPlace(bundle), (await read(bundle, signal)).toString('utf8'));
  return entries.map(({ manifest: reference, weight }) => {
    const manifest = manifestPlace(bundle, reference);
    const isStated = reference.includes('://');
    return { name: sourceName(isStated ? reference : shownPlace(manifest)), weight, manifest };
  });
}

/** Sources that the config names. @throws SHARD_SOURCES_UNUSABLE */
export function sourcesOfConfig(
  given: readonly { name?: string | undefined; manifest: string; weight?: number | undefined; enabled: boolean }[],
  resolvePath: (path: string) => string,
): NamedSource[] {
  return given
    .filter(({ enabled }) => enabled)
    .map(({ name, manifest: reference, weight }) => {
      const manifest = configuredPlace(reference, resolvePath);
      const path = manifest.kind === 'file' ? manifest.path : reference;
      return { name: name ?? sourceName(path), weight, manifest };
    });
}

/** Reads every manifest. @throws MANIFEST_UNUSABLE, PLACE_REFUSED, errors of the source */
export async function readSources(
  named: readonly NamedSource[],
  deps: SourceDeps,
  signal: AbortSignal,
): Promise<ReadSources> {
  const read = await Promise.all(named.map((source) => sourceOf(source, deps, signal)));
  const told = read.map(({ source, sha256 }) => ({
    name: source.name,
    weight: source.weight ?? null,
    manifest: sha256,
  }));
  const digest = createHash('sha256').update(canonicalJson(told)).digest('hex');
  return { sources: read.map(({ source }) => source), digest };
}

async function sourceOf(
  { name, weight, manifest }: NamedSource,
  { read, shard }: SourceDeps,
  signal: AbortSignal,
): Promise<{ source: Source; sha256: string }> {
  const bytes = await read(manifest, signal);
  const { prefix, entries } = readManifest(shownPlace(manifest), bytes.toString('utf8'));
  const shards = entries.map((entry) =>
    shard(`${name}/${shownReference(entry.reference)}`, shardPlaces(manifest, entry.reference, prefix), entry),
  );
  return { source: { name, weight, shards }, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The query of an address may hold a signature. */
const shownReference = (reference: string): string => reference.replace(/[?#].*$/s, '');
