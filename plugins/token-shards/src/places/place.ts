import { isIP } from 'node:net';
import { dirname, join, sep } from 'node:path';
import { isPublicAddress } from '@assay/lib-http';
import { shardErrors } from '../errors.js';

/** Where a document or a shard lies. */
export type Place =
  /** `root`: nothing outside this folder is read. */
  | { kind: 'file'; path: string; root: string }
  /** `home`: origin that the config names; other origins have to be public and https. */
  | { kind: 'http'; url: URL; home: string | undefined }
  | { kind: 's3'; bucket: string; key: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const S3 = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,62})\/(.+)$/i;

/**
 * A place that the config names: a path, an address, or `s3://BUCKET/KEY`.
 * @throws SHARD_SOURCES_UNUSABLE
 */
export function configuredPlace(text: string, resolvePath: (path: string) => string): Place {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const path = resolvePath(text);
    return { kind: 'file', path, root: dirname(path) };
  }
  const s3 = S3.exec(text);
  if (s3) return { kind: 's3', bucket: s3[1] ?? '', key: s3[2] ?? '' };
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(text)) {
    const url = new URL(text);
    if (url.username === '' && url.password === '') return { kind: 'http', url, home: url.origin };
  }
  throw shardErrors.SHARD_SOURCES_UNUSABLE({
    reason: `${scheme}: is no place here; it is a path, http://HOST/PATH, https://HOST/PATH or s3://BUCKET/KEY, without a password`,
  });
}

/** As messages show it: without the query of an address, which may hold a signature. */
export function shownPlace(place: Place): string {
  if (place.kind === 'file') return place.path;
  return place.kind === 's3' ? `s3://${place.bucket}/${place.key}` : `${place.url.origin}${place.url.pathname}`;
}

/**
 * The manifest that a bundle names: an address, or a path from the bundle's folder.
 * @throws PLACE_REFUSED
 */
export function manifestPlace(bundle: Place, reference: string): Place {
  return stated(bundle, reference) ?? beside(bundle, checkedKey(bundle, reference));
}

/**
 * Where a shard may lie that a manifest names. A key is looked for as the reference does, from the bucket on (the first part of
 * the path of an address, the whole bucket of S3, the folder of the file that the config names), then from the manifest's own folder on.
 *
 * @param prefix of keys; a key that has it already is left as it is
 * @throws PLACE_REFUSED
 */
export function shardPlaces(manifest: Place, reference: string, prefix: string): Place[] {
  const place = stated(manifest, reference);
  if (place) return [place];
  const bare = checkedKey(manifest, reference);
  const key = prefix === '' || bare.startsWith(`${prefix}/`) ? bare : checkedKey(manifest, `${prefix}/${bare}`);
  const places = [inBucket(manifest, key), beside(manifest, key)];
  return places.filter((one, index) => places.findIndex((other) => shownPlace(other) === shownPlace(one)) === index);
}

/** A place that is written out with its scheme; undefined for a key. */
function stated(from: Place, reference: string): Place | undefined {
  const scheme = SCHEME.exec(reference)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  const s3 = S3.exec(reference);
  if (s3 && from.kind === 's3' && s3[1] === from.bucket)
    return { kind: 's3', bucket: from.bucket, key: checkedKey(from, s3[2] ?? '') };
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(reference))
    return statedAddress(from, new URL(reference));
  throw refused(from, reference, scheme === 's3' ? 'it is another bucket' : `${scheme}: is not read`);
}

function statedAddress(from: Place, url: URL): Place {
  const home = from.kind === 'http' ? from.home : undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const shown = `${url.origin}${url.pathname}`;
  if (url.username !== '' || url.password !== '') throw refused(from, shown, 'it holds a user name');
  if (url.origin !== home) {
    if (url.protocol !== 'https:') throw refused(from, shown, 'another server is reached by https only');
    if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused(from, shown, 'it has no public address');
  }
  return { kind: 'http', url, home };
}

/** A key without a step that leaves its folder. */
function checkedKey(from: Place, reference: string): string {
  const key = reference.replace(/^\/+/, '');
  const steps = key.split('/').map((step) => step.replace(/%2e/gi, '.'));
  if (steps.some((step) => step === '' || step === '.' || step === '..') || /[\0\\]/.test(key))
    throw refused(from, reference, 'its path leaves its folder, or has an empty step');
  return key;
}

function inBucket(from: Place, key: string): Place {
  if (from.kind === 'file') return { ...from, path: within(from.root, keyInRoot(from.root, key)) };
  if (from.kind === 's3') return { ...from, key };
  const bucket = from.url.pathname.split('/').find((step) => step !== '') ?? '';
  const path = key.startsWith(`${bucket}/`) ? key : `${bucket}/${key}`;
  return { ...from, url: new URL(`/${path}`, from.url.origin) };
}

/** In a copy of a bucket a key begins with the folders that lead to the root: these are left out. */
function keyInRoot(root: string, key: string): string {
  const folders = root.split(sep);
  const leading = folders
    .map((_folder, index) => `${folders.slice(index).join('/')}/`)
    .find((one) => key.startsWith(one));
  return key.slice(leading?.length ?? 0);
}

function beside(from: Place, key: string): Place {
  if (from.kind === 'file') return { ...from, path: within(dirname(from.path), key) };
  if (from.kind === 's3') return { ...from, key: `${from.key.slice(0, from.key.lastIndexOf('/') + 1)}${key}` };
  const folder = from.url.pathname.slice(0, from.url.pathname.lastIndexOf('/') + 1);
  return { ...from, url: new URL(`${folder}${key}`, from.url.origin) };
}

/** Checks once more that a path lies within its folder. @throws PLACE_REFUSED */
function within(folder: string, key: string): string {
  const path = join(folder, key);
  if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep))
    throw shardErrors.PLACE_REFUSED({ place: key, namedBy: folder, reason: 'it lies outside the folder' });
  return path;
}

const refused = (from: Place, place: string, reason: string): Error =>
  shardErrors.PLACE_REFUSED({ place, namedBy: shownPlace(from), reason });

/**
 * Name of a source: the folder of its manifest, in the path as it is written (the reference's `_manifest_source_name`).
 * @param reference address, key or path of the manifest
 */
export function sourceName(reference: string): string {
  const path = reference.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const parts = path.split('/').filter((part) => part !== '');
  const last = parts.at(-1);
  if (last === undefined) return 'manifest';
  const folder = parts.at(-2);
  return folder !== undefined && last.endsWith('.json') ? folder : last.replaceAll('.json', '');
}
