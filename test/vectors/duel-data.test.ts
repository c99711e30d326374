import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-vectors-'));
for (const name of ['multi_source.json', 'numpy_random.json', 'seeds.json'])
  copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'duel', name), join(folder, name));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('draws as numpy and the validator of subnet 3 do', async () => {
  const reports = await runVectors(folder);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toEqual([
    'multi_source 10 0',
    'numpy_random 21 0',
    'seeds 30 0',
  ]);
});
