import type { RepoFile } from '../contracts/model.js';
import { storeErrors } from './errors.js';

const PLAIN_PART = /^[A-Za-z0-9._-]{1,255}$/;
const MAX_DEPTH = 8;
/** More files than any model has; each costs a file in the store. */
const MAX_FILES = 10_000;

/** True for a name that is one folder or file below its parent on every system, and nothing else. */
export function isPlainPart(part: string): boolean {
  return PLAIN_PART.test(part) && !part.startsWith('..') && part !== '.';
}

/** Names of devices on Windows, whatever comes behind a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Relative paths of plain parts, each distinct even where case is not, none of them a folder of another.
 * @throws FILE_NAME_REFUSED
 */
export function requireStorable(files: readonly RepoFile[]): void {
  if (files.length > MAX_FILES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
  const paths = new Set<string>();
  const folders = new Set<string>();
  for (const { path } of files) {
    const parts = path.toLowerCase().split('/');
    if (parts.length > MAX_DEPTH || !parts.every(isPlainPart) || parts.some(isTroubleElsewhere))
      throw storeErrors.FILE_NAME_REFUSED({ path });
    const own = parts.join('/');
    const above = parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
    if (paths.has(own) || folders.has(own) || above.some((folder) => paths.has(folder)))
      throw storeErrors.FILE_NAME_REFUSED({ path });
    paths.add(own);
    for (const folder of above) folders.add(folder);
  }
}

/** A name that another system than this one reads as a device, or without its end. */
const isTroubleElsewhere = (part: string): boolean => DEVICE.test(part) || part.endsWith('.');
