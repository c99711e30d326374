import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

/** Those of the chain alone; the ones of wallets take half a minute. */
const fixtures = mkdtempSync(join(tmpdir(), 'assay-vectors-'));
for (const name of [
  'calls.json',
  'commit_hash_v2.json',
  'commit_reveal_tle.json',
  'commitments.json',
  'metagraph.json',
  'reveal_round.json',
])
  copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'protocol', name), join(fixtures, name));
afterAll(() => {
  rmSync(fixtures, { recursive: true, force: true });
});

const metadata = process.env['ASSAY_CHAIN_RECORDINGS'];
const missing =
  metadata === undefined
    ? 'ASSAY_CHAIN_RECORDINGS is not set: it names a folder with the metadata of real chains'
    : existsSync(metadata)
      ? undefined
      : `ASSAY_CHAIN_RECORDINGS=${metadata} is not there`;

describe('vectors of weights', () => {
  it('agree to the digit where the SDK gives nobody what nobody has earned', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-vectors-'));
    copyFileSync(join(import.meta.dirname, '..', 'fixtures', 'protocol', 'weights.json'), join(folder, 'weights.json'));
    const [report] = await runVectors(folder);
    rmSync(folder, { recursive: true, force: true });
    expect(report).toMatchObject({ name: 'weights', passed: 22, failed: 0, byRule: 21, failures: [] });
  });
});

describe('vectors of the chain', () => {
  it('says what it lacks without the metadata of a real chain', async () => {
    const reports = await runVectors(fixtures);
    for (const name of ['calls', 'commit_hash_v2', 'commitments', 'metagraph']) {
      const report = reports.find((one) => one.name === name);
      expect(report).toMatchObject({ passed: 0, failed: 0 });
      expect(report?.skipped[0]?.detail).toContain('--metadata FOLDER');
    }
  });

  it.skipIf(missing !== undefined)(
    `finds every answer of the real chain decoded as it should be${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    async () => {
      const reports = await runVectors(fixtures, { metadata });
      expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
      expect(reports.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toEqual([
        'calls 6 0',
        'commit_hash_v2 1 0',
        'commit_reveal_tle 5 0',
        'commitments 11 1',
        'metagraph 10 0',
        'reveal_round 15 0',
      ]);
    },
  );
});
