import { z } from 'zod';
import type { RepoFile } from '@assay/core/contracts/model';
import type { RepoListing } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';
import { ociErrors } from './errors.js';

const MAX_FILES = 10_000;
const LONGEST_TITLE = 4_096;
const TITLE = 'org.opencontainers.image.title';

const IMAGES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
];
const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
/** Indexes are asked for as well: a registry would say that they are not there. */
export const ACCEPTED = [...IMAGES, ...INDEXES].join(', ');

const size = z.number().int().nonnegative();
const layer = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size,
  annotations: z.record(z.string(), z.string()).optional(),
});
const manifest = z.object({
  mediaType: z.string().optional(),
  manifests: z.unknown().optional(),
  config: z.object({ size }).optional(),
  layers: z.array(layer).optional(),
  /** What an artifact manifest has in place of layers. */
  blobs: z.array(layer).optional(),
});

/**
 * The files of an image: its layers with a title. The digest of the manifest is the miner's claim, so what is wrong in it
 * is the miner's fault.
 * @throws IMAGE_INVALID, IMAGE_INDEX, TOO_MANY_FILES, FILE_NAME_REFUSED
 */
export function filesOfImage(repo: string, bytes: Buffer): RepoListing {
  const invalid = (reason: string): Error => ociErrors.IMAGE_INVALID({ repo, reason });
  const parsed = manifest.safeParse(jsonOf(bytes, invalid));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'another shape'}`);
  }
  const { mediaType, manifests, config, layers, blobs } = parsed.data;
  if (manifests !== undefined || INDEXES.includes(mediaType ?? '')) throw ociErrors.IMAGE_INDEX({ repo });
  if (mediaType !== undefined && !IMAGES.includes(mediaType)) throw invalid(`its type is ${mediaType}`);
  const all = layers ?? blobs ?? [];
  const files = new Map<string, RepoFile>();
  let totalBytes = config?.size ?? 0;
  for (const { digest, size: bytesOfLayer, annotations } of all) {
    totalBytes += bytesOfLayer;
    const path = annotations?.[TITLE];
    if (path === undefined) continue;
    if (path === '') throw invalid('a layer has an empty title');
    if (path.length > LONGEST_TITLE) throw storeErrors.FILE_NAME_REFUSED({ path });
    if (files.has(path)) throw invalid(`two layers have the title ${path}`);
    if (files.size === MAX_FILES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
    files.set(path, { path, size: bytesOfLayer, sha256: digest.slice('sha256:'.length) });
  }
  if (files.size === 0) throw invalid('no layer has a title');
  if (!Number.isSafeInteger(totalBytes)) throw invalid('its layers have more bytes than can be counted');
  return { files: [...files.values()], totalBytes };
}

function jsonOf(bytes: Buffer, invalid: (reason: string) => Error): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('its manifest is no JSON');
  }
}
