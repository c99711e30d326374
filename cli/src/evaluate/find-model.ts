import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Container } from 'inversify';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import { MODEL_STORE, type FetchProgress, type ModelStore } from '@assay/core/contracts/model-store';
import type { ModelReference, StoredModel } from '@assay/core/contracts/model';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { parseJsonObject, type JsonObject } from '@assay/core/model/json-object';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { ModelAcquirer, type AcquirerStore } from '@assay/core/model/acquire';
import { directoryHash } from '@assay/core/model/directory-hash';
import { evaluateErrors } from './errors.js';
import { OwnFolder } from './own-folder.js';

const REPO = /^([^/@:]+)\/([^/@]+)@([0-9a-f]{40})$/;
const OTHER_REPO = /^([a-z0-9]{1,16}):([^@]+)\/([^/@]+)@([^@]+)$/;
const REPO_AT_ANYTHING = /^[^/@]+\/[^/@]+@/;

export type ModelLocation = { directory: string; given: string } | { reference: ModelReference };

/** A model to be evaluated, and the bytes of all that is published with it. */
export interface FoundModel {
  model: StoredModel;
  totalBytes: number;
  /** What a commitment would bind together with a hotkey: base64. Absent where the files were not hashed. */
  directoryHash?: string;
  /** config.json, parsed; empty where it is unusable, which inspection tells. */
  config: JsonObject;
  /** Why a repo of these files would not be fetched at all. */
  refusal?: AssayError;
}

/** @throws MODEL_FOLDER_MISSING, MODEL_REVISION_MISSING */
export async function locateModel(given: string): Promise<ModelLocation> {
  const directory = resolve(given);
  if ((await stat(directory).catch(() => undefined))?.isDirectory()) return { directory, given };
  return { reference: locateRepo(given) };
}

/** @throws MODEL_FOLDER_MISSING, MODEL_REVISION_MISSING */
export function locateRepo(given: string): ModelReference {
  const [, namespace, name, revision] = REPO.exec(given) ?? [];
  if (namespace !== undefined && name !== undefined && revision !== undefined) return { namespace, name, revision };
  const [, source, above, last, version] = OTHER_REPO.exec(given) ?? [];
  if (source !== undefined && above !== undefined && last !== undefined && version !== undefined)
    return { source, namespace: above, name: last, revision: version };
  if (REPO_AT_ANYTHING.test(given)) throw evaluateErrors.MODEL_REVISION_MISSING({ model: given });
  throw evaluateErrors.MODEL_FOLDER_MISSING({ model: given });
}

/**
 * A repo through the configured store, or a folder where it lies.
 * @param scheme says which files of a repo count
 * @param asCommitment a folder is looked at as if it were a repo that a miner has committed to; it costs a hash of every file
 */
export async function findModel(
  container: Container,
  location: ModelLocation,
  asCommitment: boolean,
  scheme: CommitmentScheme,
  onProgress: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<FoundModel> {
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const fetchFrom = async (store: AcquirerStore, reference: ModelReference): Promise<FoundModel> => {
    const found = await new ModelAcquirer({}, { store, inspector, scheme }).fetch(reference, onProgress, signal);
    const config = await configOf(found.model.directory);
    return { ...found, config, directoryHash: directoryHash(found.model.files) };
  };
  if ('reference' in location) return fetchFrom(await leasedStore(container, location.reference), location.reference);
  const { directory, given } = location;
  const source = new OwnFolder(directory);
  const reference = { namespace: '', name: given, revision: '' };
  if (!asCommitment) return folderAsItIs(source, directory, reference, signal);
  try {
    return await fetchFrom(source, reference);
  } catch (error) {
    const refusal = toAssayError(error);
    if (refusal.fault !== 'miner') throw error;
    return { ...(await folderAsItIs(source, directory, reference, signal)), refusal };
  }
}

/** The configured store, which holds this model until the command ends: a validator beside it may clean up. */
export async function leasedStore(container: Container, reference: ModelReference): Promise<ModelStore> {
  const store = await container.getAsync<ModelStore>(MODEL_STORE);
  await store.lease(reference);
  return store;
}

/** Content is identified by what inspection digests, so no hash is taken. */
async function folderAsItIs(
  source: OwnFolder,
  directory: string,
  reference: ModelReference,
  signal: AbortSignal,
): Promise<FoundModel> {
  const { files, totalBytes } = await source.list(reference, signal);
  const model = { reference, directory, files: files.map((file) => ({ ...file, sha256: '' })) };
  return { model, totalBytes, config: await configOf(directory) };
}

async function configOf(directory: string): Promise<JsonObject> {
  try {
    return parseJsonObject(await readFile(join(directory, 'config.json')));
  } catch {
    return {};
  }
}
