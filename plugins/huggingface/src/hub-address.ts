import { DEFAULT_SOURCE, repoName, type ModelReference } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';

/** A part of a repo's name as the hub allows it, with no part that a path could climb by. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?$/;
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The reference's repo as it stands in addresses.
 * @throws REPO_NOT_FOUND, REVISION_NOT_FOUND for what can't be one, without a request
 */
export function hubRepo(reference: ModelReference): string {
  const { source = DEFAULT_SOURCE, namespace, name, revision } = reference;
  const repo = repoName(reference);
  if (source !== DEFAULT_SOURCE || !NAME.test(namespace) || !NAME.test(name))
    throw storeErrors.REPO_NOT_FOUND({ repo });
  if (!COMMIT.test(revision)) throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
  return `${namespace}/${name}`;
}

/**
 * A file's path as it stands in addresses.
 * @throws FILE_NAME_REFUSED for one that an address would turn into another
 */
export function encodedPath(path: string): string {
  const parts = path.split('/');
  if (parts.some((part) => /^\.{0,2}$/.test(part)) || !path.isWellFormed())
    throw storeErrors.FILE_NAME_REFUSED({ path });
  return parts.map(encodeURIComponent).join('/');
}
