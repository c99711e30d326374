import { formatCommitment, parseCommitment } from '@assay/core/model/model-id';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressModelId, parseModelId, splitRepoId } from '../../vectors/reference-model-id.js';

const REVISION = '0123456789abcdef0123456789abcdef01234567';
const HASH = `${'A'.repeat(43)}=`;
const commitment = (
  parts: { namespace?: string; name?: string; revision?: string; hash?: string; competition?: string } = {},
): string =>
  [
    parts.namespace ?? 'org',
    parts.name ?? 'model',
    parts.revision ?? REVISION,
    parts.hash ?? HASH,
    parts.competition ?? '2',
  ].join(':');

describe('parseCommitment', () => {
  it('gives the parts of a good one', () => {
    expect(parseCommitment(commitment())).toEqual({
      reference: { namespace: 'org', name: 'model', revision: REVISION },
      proof: HASH,
      competition: 2,
    });
  });

  it.each([
    ['nothing', ''],
    ['four parts', `org:model:${REVISION}:${HASH}`],
    ['six parts', `${commitment()}:1`],
    ['a branch', commitment({ revision: 'main' })],
    ['an upper-case revision', commitment({ revision: REVISION.toUpperCase() })],
    ['a short revision', commitment({ revision: REVISION.slice(1) })],
    ['no hash', commitment({ hash: 'None' })],
    ['a hash of hex', commitment({ hash: 'a'.repeat(44) })],
    ['a competition in another script', commitment({ competition: '٢' })],
    ['an underscore', commitment({ competition: '1_0' })],
    ['a sign', commitment({ competition: '+2' })],
    ['a space', commitment({ competition: ' 2' })],
    ['a leading zero', commitment({ competition: '02' })],
    ['a line break', `${commitment()}\n`],
    ['more than 1,024 bytes', commitment({ namespace: 'n'.repeat(1024) })],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCommitment(text)).toThrow(
      expect.objectContaining({ code: 'COMMITMENT_MALFORMED', fault: 'miner', retry: 'never' }),
    );
  });

  it.each([
    { namespace: '' },
    { name: '' },
    { namespace: '..' },
    { name: '.hidden' },
    { name: '-dash' },
    { name: 'dash-' },
    { name: 'a..b' },
    { name: 'a--b' },
    { name: 'model.git' },
    { namespace: 'n'.repeat(20), name: 'm'.repeat(20) },
    { name: 'a/b' },
    { name: 'a\\b' },
    { name: 'é' },
    { namespace: 'org\u0000' },
    { name: 'a b' },
    { name: '%2e%2e' },
  ])('refuses the repo %j', (parts) => {
    expect(() => parseCommitment(commitment(parts))).toThrow(
      expect.objectContaining({ code: 'REPO_ID_INVALID', fault: 'miner' }),
    );
  });

  it('refuses or reads any text, with a miner to blame and a bounded payload', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(fc.string({ maxLength: 50 }), { maxLength: 7 }).map((parts) => parts.join(':')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          expect(parseCommitment(text).reference.revision).toHaveLength(40);
        } catch (error) {
          expect(error).toMatchObject({ fault: 'miner', retry: 'never' });
          expect(JSON.stringify(error).length).toBeLessThan(4000);
        }
      }),
    );
  });

  it('accepts nothing that the parser of the reference reads otherwise', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,9}$/);
    fc.assert(
      fc.property(part, part, fc.nat(999_999_999), (namespace, name, competition) => {
        const text = commitment({ namespace, name, competition: competition.toString() });
        const parsed = parseModelId(text);
        expect(compressModelId(parsed)).toBe(text);
        try {
          const valid = parseCommitment(text);
          expect(formatCommitment(valid)).toBe(text);
          expect({ ...parsed, competitionId: Number(parsed.competitionId) }).toEqual({
            namespace,
            name,
            commit: valid.reference.revision,
            hash: null,
            secureHash: valid.proof,
            competitionId: competition,
          });
        } catch (error) {
          expect(error).toMatchObject({ fault: 'miner' });
        }
      }),
    );
  });
});

describe('splitRepoId', () => {
  it.each(['', 'a/b', 'no-slash', 'a/b/c', `${'a'.repeat(20)}/${'b'.repeat(20)}`])(
    'refuses %j as the reference does',
    (repoId) => {
      expect(() => splitRepoId(repoId)).toThrow(expect.objectContaining({ python: 'ValueError' }));
    },
  );
});
