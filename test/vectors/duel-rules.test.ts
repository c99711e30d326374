import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

const WANTED = [
  'bootstrap 24 0',
  'config_lock 20 0',
  'early_stop 24 0',
  'king_chain 10 0',
  'reveals 22 0',
  'seeds 30 0',
];

const folder = mkdtempSync(join(tmpdir(), 'assay-vectors-'));
for (const name of WANTED.map((line) => `${line.split(' ')[0] ?? ''}.json`))
  copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'duel', name), join(folder, name));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('judges duels as the reference does', async () => {
  const reports = await runVectors(folder);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toEqual(WANTED);
});
