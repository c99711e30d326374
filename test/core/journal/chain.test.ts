import type { JournalRecord, Json } from '@assay/core/contracts/round-journal';
import { FIRST_PREVIOUS_HASH, entryHash } from '@assay/core/journal/hash';
import { verifyChain } from '@assay/core/journal/verify-chain';
import { wellFormed } from '@assay/core/journal/well-formed';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function chainOf(entries: readonly Json[]): JournalRecord[] {
  let previousHash = FIRST_PREVIOUS_HASH;
  return entries.map((entry, index) => {
    const record = { number: index + 1, previousHash, hash: entryHash(previousHash, entry), entry };
    previousHash = record.hash;
    return record;
  });
}

const entries = fc.array(
  fc.json().map((text) => wellFormed(JSON.parse(text) as Json)),
  { minLength: 1, maxLength: 8 },
);

describe('verifyChain', () => {
  it('accepts every chain that was built by the rule', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const chain = chainOf(all);
        expect(verifyChain(chain)).toEqual({ intact: true, records: all.length, head: chain.at(-1)?.hash });
      }),
    );
  });

  it('finds any record that was changed, taken out or moved', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (all, pick) => {
        const chain = chainOf([...all, 'newest']);
        const index = pick % all.length;
        const changed = chain.map((record, at) =>
          at === index ? { ...record, entry: { was: record.entry } } : record,
        );
        expect(verifyChain(changed)).toEqual({ intact: false, number: index + 1, broken: 'hash' });
        expect(verifyChain(chain.toSpliced(index, 1)).intact).toBe(false);
        expect(verifyChain(chain.toReversed()).intact).toBe(false);
      }),
    );
  });

  it('finds a later record after an earlier one was changed and hashed anew', () => {
    const chain = chainOf(['a', 'b', 'c']);
    const [forged] = chainOf(['A']);
    expect(verifyChain([...(forged ? [forged] : []), ...chain.slice(1)])).toEqual({
      intact: false,
      number: 2,
      broken: 'previous hash',
    });
  });

  it('takes the empty chain', () => {
    expect(verifyChain([])).toEqual({ intact: true, records: 0, head: FIRST_PREVIOUS_HASH });
  });
});
