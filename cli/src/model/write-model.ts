import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredModel } from '@assay/core/contracts/model';
import { isAssayError } from '@assay/core/errors/assay-error';
import { messageOf } from '@assay/core/errors/describe';
import { storeErrors } from '@assay/core/model/errors';
import { filesIntact } from '@assay/core/model/files-intact';
import { isAbsence } from '@assay/core/model/store/folder-contents';
import { repoName } from '@assay/core/contracts/model';
import { modelCommandErrors } from './errors.js';

/** Files in the store are read-only and shared; a copy belongs to the user. */
const OWN_FILE = 0o644;

/** @throws PULL_FOLDER_OCCUPIED */
export async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => (isAbsence(error) ? [] : undefined));
  if (entries?.length !== 0) throw modelCommandErrors.PULL_FOLDER_OCCUPIED({ folder });
}

/**
 * Copies a stored model into a folder that is new or empty: whole or not at all. The files are copies, because a write to a
 * link would change the store; where the disk can, copies share their bytes until one of them changes.
 * @throws PULL_FOLDER_OCCUPIED, PULL_FOLDER_UNWRITABLE, STORED_MODEL_CHANGED
 */
export async function writeModel(model: StoredModel, folder: string, signal: AbortSignal): Promise<void> {
  const draft = join(dirname(folder), `.${basename(folder)}.pulling`);
  try {
    await rm(draft, { recursive: true, force: true });
    for (const { path } of model.files) {
      signal.throwIfAborted();
      await copyInto(join(model.directory, path), join(draft, path));
    }
    const copied = { ...model, directory: draft };
    if (!(await filesIntact(copied, signal)))
      throw storeErrors.STORED_MODEL_CHANGED({ repo: repoName(model.reference), directory: model.directory });
    await requireEmpty(folder);
    await rename(draft, folder);
  } catch (error) {
    if (signal.aborted || isAssayError(error)) throw error;
    throw modelCommandErrors.PULL_FOLDER_UNWRITABLE({ folder, reason: messageOf(error) }, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function copyInto(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chmod(target, OWN_FILE);
  const handle = await open(target, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
