import { repoName, type ModelReference } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';

/** A part of a repository's name, by the distribution specification. */
const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const LONGEST_REPOSITORY = 255;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Registries whose interface has another host than people write. */
const HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+)(?::\d+)?$/;

export interface ImageAddress {
  /** Host, with a port where it has one. */
  registry: string;
  /** Name of the repository within the registry. */
  repository: string;
  digest: string;
}

/**
 * Where the image of a reference is.
 * @throws REPO_NOT_FOUND, REVISION_NOT_FOUND for what can't be one, tags included, without a request
 */
export function imageAddress(reference: ModelReference): ImageAddress {
  const { namespace, name, revision } = reference;
  const repo = repoName(reference);
  const [registry = '', ...above] = namespace.split('/');
  const parts = [...above, name];
  const repository = parts.join('/');
  if (!parts.every((part) => PART.test(part)) || repository.length > LONGEST_REPOSITORY)
    throw storeErrors.REPO_NOT_FOUND({ repo });
  if (!DIGEST.test(revision)) throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
  return { registry, repository, digest: revision };
}

/** The address of a registry's interface. Registries of this machine speak plain http, as they do to other clients. */
export function registryUrl(registry: string): URL {
  return new URL(`${LOOPBACK.test(registry) ? 'http' : 'https'}://${HOSTS[registry] ?? registry}/`);
}
