import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runVectors } from './run-vectors.js';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'protocol');
const metadata = process.env['ASSAY_CHAIN_RECORDINGS'];
const missing =
  metadata === undefined
    ? 'ASSAY_CHAIN_RECORDINGS is not set: it names a folder with the metadata of real chains'
    : existsSync(metadata)
      ? undefined
      : `ASSAY_CHAIN_RECORDINGS=${metadata} is not there`;

describe('vectors of the chain', () => {
  it('says what it lacks without the metadata of a real chain', async () => {
    const reports = await runVectors(fixtures);
    for (const name of ['commitments', 'metagraph']) {
      const report = reports.find((one) => one.name === name);
      expect(report).toMatchObject({ passed: 0, failed: 0 });
      expect(report?.skipped[0]?.detail).toContain('--metadata FOLDER');
    }
  });

  it.skipIf(missing !== undefined)(
    `finds every answer of the real chain decoded as it should be${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    async () => {
      const reports = await runVectors(fixtures, { metadata });
      const those = reports.filter(({ name }) => name === 'commitments' || name === 'metagraph');
      expect(those.flatMap(({ failures }) => failures)).toEqual([]);
      expect(those.map(({ name, passed, byRule }) => `${name} ${passed} ${byRule}`)).toEqual([
        'commitments 11 1',
        'metagraph 10 0',
      ]);
    },
  );
});
