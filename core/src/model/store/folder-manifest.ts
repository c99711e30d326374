import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { modelReference, type RepoFile, type StoredModel } from '../../contracts/model.js';
import { isAbsence } from './folder-contents.js';

/** File beside a model's files that says what they are. */
export const MANIFEST = 'manifest.json';
const manifestSchema = z.object({
  reference: modelReference,
  files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string() })).min(1),
});

/** Undefined where there is none, or none that can be understood. */
export async function readManifest(folder: string): Promise<z.infer<typeof manifestSchema> | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
  } catch (error) {
    // A manifest that can't be understood is no model; trouble with the disk is trouble.
    if (error instanceof SyntaxError || error instanceof z.ZodError || isAbsence(error)) return undefined;
    throw error;
  }
}

/** Whether a stored model has these files and no others, by name and size, and by digest where the source states it. */
export function holdsExactly(stored: StoredModel, files: readonly RepoFile[]): boolean {
  const known = new Map(stored.files.map((file) => [file.path, file]));
  return (
    known.size === files.length &&
    files.every(({ path, size, sha256 }) => {
      const file = known.get(path);
      return file?.size === size && (sha256 === undefined || file.sha256 === sha256);
    })
  );
}
