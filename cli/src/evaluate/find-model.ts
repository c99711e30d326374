import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Container } from 'inversify';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import { MODEL_STORE, type FetchProgress, type ModelStore } from '@assay/core/contracts/model-store';
import type { StoredFile, StoredModel } from '@assay/core/contracts/model';
import { ModelAcquirer } from '@assay/core/model/acquire';
import { evaluateErrors } from './errors.js';

const REPO = /^([^/@]+)\/([^/@]+)@([0-9a-f]{40})$/;

/** A model to be evaluated, and the bytes of all that is published with it. */
export interface FoundModel {
  model: StoredModel;
  totalBytes: number;
}

/** A folder as it is, or a repo at a revision through the configured store. */
export async function findModel(container: Container, given: string, onProgress: (progress: FetchProgress) => void, signal: AbortSignal): Promise<FoundModel> {
  const directory = resolve(given);
  if ((await stat(directory).catch(() => undefined))?.isDirectory()) return folderAsModel(given, directory);
  const [, namespace, name, revision] = REPO.exec(given) ?? [];
  if (namespace === undefined || name === undefined || revision === undefined) throw evaluateErrors.MODEL_FOLDER_MISSING({ model: given });
  const store = await container.getAsync<ModelStore>(MODEL_STORE);
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  return new ModelAcquirer({}, { store, inspector }).fetch({ namespace, name, revision }, onProgress, signal);
}

/** Its files by name and size; their content is identified by what inspection digests, so no hash is taken. */
async function folderAsModel(given: string, directory: string): Promise<FoundModel> {
  const names = (await readdir(directory)).sort();
  const files = await Promise.all(
    names.map(async (path): Promise<StoredFile[]> => {
      const entry = await stat(join(directory, path));
      return entry.isFile() ? [{ path, size: entry.size, sha256: '' }] : [];
    }),
  );
  const found = files.flat();
  return { model: { reference: { namespace: '', name: given, revision: '' }, directory, files: found }, totalBytes: found.reduce((sum, { size }) => sum + size, 0) };
}
