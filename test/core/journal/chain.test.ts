import type { JournalRecord, Json } from '@assay/core/contracts/round-journal';
import { FIRST_PREVIOUS_HASH, entryHash, typeOfEntry } from '@assay/core/journal/hash';
import { verifyChain } from '@assay/core/journal/verify-chain';
import { wellFormed } from '@assay/core/journal/well-formed';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function chainOf(entries: readonly Json[]): JournalRecord[] {
  let previousHash = FIRST_PREVIOUS_HASH;
  const counts = { round: 0, claim: 0, submission: 0, history: 0 };
  return entries.map((entry, index) => {
    const type = typeOfEntry(entry);
    counts[type] += 1;
    const hash = entryHash(previousHash, entry);
    const record = { type, number: counts[type], position: index + 1, previousHash, hash, entry };
    previousHash = record.hash;
    return record;
  });
}

const entry = fc.oneof(
  fc.json().map((text) => wellFormed(JSON.parse(text) as Json)),
  fc.record({ type: fc.constantFrom('round', 'claim', 'submission', 'history', 'other'), of: fc.integer() }),
);
const entries = fc.array(entry, { minLength: 1, maxLength: 8 });

describe('verifyChain', () => {
  it('accepts every chain that was built by the rule', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const chain = chainOf(all);
        const counts = { round: 0, claim: 0, submission: 0, history: 0 };
        for (const { type } of chain) counts[type] += 1;
        expect(verifyChain(chain)).toEqual({ intact: true, records: all.length, counts, head: chain.at(-1)?.hash });
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
        const { type, number } = chain[index] ?? {};
        expect(verifyChain(changed)).toEqual({ intact: false, type, number, broken: 'hash' });
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
      type: 'round',
      number: 2,
      broken: 'previous hash',
    });
  });

  it('takes the empty chain', () => {
    const counts = { round: 0, claim: 0, submission: 0, history: 0 };
    expect(verifyChain([])).toEqual({ intact: true, records: 0, counts, head: FIRST_PREVIOUS_HASH });
  });

  it.each([
    ['another type than its entry', { type: 'claim' as const }, 'number'],
    ['another type with a fitting number', { type: 'claim' as const, number: 1 }, 'type'],
    ['another number', { number: 3 }, 'number'],
    ['another position', { position: 3 }, 'number'],
  ])('finds a record that is stored under %s', (_what, change, broken) => {
    const chain = chainOf(['a', 'b']).map((record, index) => (index === 1 ? { ...record, ...change } : record));
    expect(verifyChain(chain)).toMatchObject({ intact: false, broken });
  });
});
