import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'assay-models-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A new empty folder; gone when the tests of the file are done. */
export const scratchFolder = (): string => mkdtempSync(join(root, 'folder-'));
