import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-vectors-'));
for (const name of ['numpy_random.json'])
  copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'duel', name), join(folder, name));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('draws as numpy does', async () => {
  const reports = await runVectors(folder);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toEqual(['numpy_random 21 0']);
});
