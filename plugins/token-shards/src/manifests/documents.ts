import { z } from 'zod';
import { issuesOf } from '@assay/core/config/resolve';
import { shardErrors } from '../errors.js';

/** Shuffling and keeping more names than this would take seconds. */
const MOST_SHARDS = 100_000;
/** Each one is another manifest to fetch. */
const MOST_SOURCES = 1000;

/** Sums and products of weights stay finite. */
const MOST_WEIGHT = 1e9;

/** What a bundle says of a source. */
interface BundleEntry {
  manifest: string;
  weight: number | undefined;
}

/** What a manifest says of a shard. */
export interface ManifestEntry {
  /** Address or key. */
  reference: string;
  record: number | undefined;
  /** 64 hex digits, where the manifest gives them. */
  sha256: string | undefined;
}

interface Manifest {
  prefix: string;
  entries: ManifestEntry[];
}

const weight = z.number().nonnegative().max(MOST_WEIGHT);
const bundle = z.looseObject({
  sources: z.array(
    z.looseObject({
      name: z.string().nullish(),
      manifest_url: z.string().nullish(),
      weight: weight.nullish(),
      enabled: z.boolean().nullish(),
    }),
  ),
});

/** Python takes 0, null and an empty text for a length that is not stated. */
const length = z
  .union([
    z.number().int().nonnegative(),
    z
      .string()
      .regex(/^\d{0,9}$/)
      .transform(Number),
  ])
  .nullish()
  .transform((value) => value || undefined);
const lengths = { seq_len: length, sequence_length: length };
const text = z.string().nullish();
const named = z.looseObject({ ...lengths, sha256: text, digest: text, hash: text });
const manifest = z.looseObject({
  ...lengths,
  shards: z.array(z.unknown()),
  shard_prefix: text,
  prefix: text,
});
const NAMES = ['url', 'href', 'uri', 'key', 'path', 'name'] as const;
const SHA256 = /^(?:sha256:)?([0-9a-f]{64})$/i;

/**
 * Sources of a bundle that are enabled, in order. One without a name or a manifest does not count, as in the reference.
 * @throws MANIFEST_UNUSABLE, also where none is left
 */
export function readBundle(place: string, text: string): BundleEntry[] {
  const { sources } = parsed(place, bundle, text);
  if (sources.length > MOST_SOURCES)
    throw unusable(place, `it names ${sources.length} sources, more than ${MOST_SOURCES}`);
  const entries = sources.flatMap(({ name, manifest_url: url, weight: share, enabled }) =>
    enabled === false || !name || !url ? [] : [{ manifest: url.trim(), weight: share ?? undefined }],
  );
  if (entries.every((entry) => entry.weight === 0)) throw unusable(place, 'it names no enabled source with a weight');
  return entries;
}

/**
 * Shards of a manifest that are named *.npy, in order; other entries do not count.
 * @throws MANIFEST_UNUSABLE, also where none is left
 */
export function readManifest(place: string, text: string): Manifest {
  const whole = parsed(place, z.union([z.array(z.unknown()), manifest]), text);
  const { shards, shared, prefix } = Array.isArray(whole)
    ? { shards: whole, shared: undefined, prefix: '' }
    : {
        shards: whole.shards,
        shared: whole.seq_len ?? whole.sequence_length,
        prefix: firstText(whole.shard_prefix, whole.prefix),
      };
  const entries = shards.flatMap((entry) => entryOf(place, entry, shared) ?? []);
  if (entries.length === 0) throw unusable(place, 'it names no .npy file');
  if (entries.length > MOST_SHARDS)
    throw unusable(place, `it names ${entries.length} shards, more than ${MOST_SHARDS}`);
  return { prefix: prefix.replace(/^\/+|\/+$/g, ''), entries };
}

function entryOf(place: string, entry: unknown, shared: number | undefined): ManifestEntry | undefined {
  if (typeof entry === 'string') return shardNamed(entry, shared, undefined);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return undefined;
  const values = new Map(Object.entries(entry));
  const reference: unknown = NAMES.map((name): unknown => values.get(name)).find(Boolean);
  if (typeof reference !== 'string') return undefined;
  const { seq_len, sequence_length, ...hashes } = checked(place, named, entry);
  return shardNamed(reference, seq_len ?? sequence_length ?? shared, hashOf(place, reference, hashes));
}

/** `sha256` has to be one; `digest` and `hash` may be another kind of hash. */
function hashOf(
  place: string,
  reference: string,
  { sha256, digest, hash }: Pick<z.infer<typeof named>, 'sha256' | 'digest' | 'hash'>,
): string | undefined {
  const stated = firstText(sha256);
  if (stated !== '' && !SHA256.test(stated)) throw unusable(place, `the sha256 of ${reference} is not 64 hex digits`);
  const [found] = [stated, firstText(digest), firstText(hash)].flatMap((text) => SHA256.exec(text)?.[1] ?? []);
  return found;
}

/** The first that is neither absent nor empty, as Python's `or` chooses. */
const firstText = (...texts: readonly (string | null | undefined)[]): string => texts.find(Boolean) ?? '';

function shardNamed(given: string, record: number | undefined, sha256: string | undefined): ManifestEntry | undefined {
  const reference = given.trim();
  return reference.endsWith('.npy') ? { reference, record, sha256: sha256?.toLowerCase() } : undefined;
}

function parsed<T extends z.ZodType>(place: string, schema: T, text: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(place, `it is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  return checked(place, schema, value);
}

function checked<T extends z.ZodType>(place: string, schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw unusable(place, issuesOf(result.error).slice(0, 3).join('; '));
  return result.data;
}

const unusable = (manifest: string, reason: string): Error => shardErrors.MANIFEST_UNUSABLE({ manifest, reason });
