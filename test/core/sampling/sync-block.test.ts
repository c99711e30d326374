import { syncBlockOf } from '@assay/core/sampling/sync-block';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('syncBlockOf', () => {
  it('is the last multiple of the cadence', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 10_000 }), (block, cadence) => {
        const sync = syncBlockOf(block, cadence);
        expect(sync % cadence).toBe(0);
        expect(block - sync).toBeGreaterThanOrEqual(0);
        expect(block - sync).toBeLessThan(cadence);
      }),
    );
  });
});
