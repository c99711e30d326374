import { activityCutoff, consensusOf, nextEpoch } from '@assay/plugin-subtensor/dist/read/parameters.js';
import { amount, count, fraction } from '@assay/plugin-subtensor/dist/read/numbers.js';
import { inherited, weighted } from '@assay/plugin-subtensor/dist/read/stake.js';
import { NETWORK_NAMES, networkOf } from '@assay/plugin-subtensor/dist/networks.js';
import { isAssayError } from '@assay/core/errors/assay-error';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const MOST = 2n ** 64n - 1n;
const BITS = 2n ** 32n;

describe('the next epoch', () => {
  it.each([
    ['a tempo after the last one', { Tempo: 360, LastEpochBlock: 1000 }, 1200, 1360],
    ['at the next block when it is due', { Tempo: 360, LastEpochBlock: 1000 }, 1360, 1361],
    ['at the next block when it is overdue', { Tempo: 360, LastEpochBlock: 1000 }, 5000, 5001],
    ['when the owner asks for it', { Tempo: 360, LastEpochBlock: 1000, PendingEpochAt: 1300 }, 1200, 1300],
    ['by itself before the owner does', { Tempo: 360, LastEpochBlock: 1000, PendingEpochAt: 1400 }, 1200, 1360],
    ['never without a tempo', { Tempo: 0, LastEpochBlock: 1000, PendingEpochAt: 1300 }, 1200, null],
    ['never without a tempo, as it was', { Tempo: 0 }, 1200, null],
    ['right away on a chain that had none yet', { Tempo: 360, LastEpochBlock: 0 }, 1200, 1201],
  ])('comes %s', (_when, items, block, next) => {
    expect(nextEpoch(items, 9, block)).toBe(next);
  });

  it('was the first block whose number and netuid make a whole tempo, before the chain kept the last', () => {
    const inputs = fc.tuple(
      fc.integer({ min: 1, max: 65_535 }),
      fc.integer({ min: 0, max: 65_535 }),
      fc.integer({ min: 0, max: 10_000_000 }),
    );
    fc.assert(
      fc.property(inputs, ([tempo, netuid, block]) => {
        const next = nextEpoch({ Tempo: tempo }, netuid, block) ?? 0;
        // The rule of the chain: an epoch runs in block b when (b + netuid + 1) is a multiple of tempo + 1, less one.
        const runs = (at: number): boolean => tempo - ((at + netuid + 1) % (tempo + 1)) === 0;
        expect(next).toBeGreaterThan(block);
        expect(next).toBeLessThanOrEqual(block + tempo + 1);
        expect(runs(next)).toBe(true);
        for (let at = block + 1; at < Math.min(next, block + 50); at += 1) expect(runs(at)).toBe(false);
      }),
    );
  });
});

describe('stakes', () => {
  const share = fc.oneof(fc.constantFrom(0n, 1n, MOST), fc.bigInt({ min: 0n, max: MOST }));
  const stake = fc.oneof(fc.constantFrom(0n, 1n, 21_000_000n * 10n ** 9n), fc.bigInt({ min: 0n, max: MOST }));
  const family = fc.record({
    own: stake,
    children: fc.array(share, { maxLength: 5 }),
    parents: fc.array(fc.tuple(share, stake), { maxLength: 5 }),
  });

  it('are inherited to within what 32 bits after the point can hold of each share', () => {
    fc.assert(
      fc.property(family, ({ own, children, parents }) => {
        const stakes = new Map([['own', own], ...parents.map(([, has], index) => [`p${index}`, has] as const)]);
        const found = inherited(
          'own',
          {
            children: children.map((part, index) => [part, `c${index}`] as const),
            parents: parents.map(([part], index) => [part, `p${index}`] as const),
          },
          stakes,
        );
        // Exact rationals over 2^64 - 1: what is kept is never below zero.
        const given = children.reduce((sum, part) => sum + own * part, 0n);
        const kept = own * MOST > given ? own * MOST - given : 0n;
        const exact = kept + parents.reduce((sum, [part, has]) => sum + has * part, 0n);
        const slack =
          children.length * Number(own / BITS + 1n) +
          parents.reduce((sum, [, has]) => sum + Number(has / BITS + 1n), 1);
        expect(Number(found - exact / MOST)).toBeGreaterThanOrEqual(-slack);
        expect(Number(found - exact / MOST)).toBeLessThanOrEqual(slack);
      }),
    );
  });

  it('pass on whole what is shared whole, and keep what is not shared', () => {
    fc.assert(
      fc.property(stake, stake, (own, other) => {
        const stakes = new Map([
          ['own', own],
          ['other', other],
        ]);
        expect(inherited('own', { children: [], parents: [] }, stakes)).toBe(own);
        expect(inherited('own', { children: [[MOST, 'other']], parents: [] }, stakes)).toBe(0n);
        expect(inherited('own', { children: [], parents: [[MOST, 'other']] }, stakes)).toBe(own + other);
        expect(
          inherited(
            'own',
            {
              children: [
                [MOST, 'a'],
                [MOST, 'b'],
              ],
              parents: [],
            },
            stakes,
          ),
        ).toBe(0n);
      }),
    );
  });

  it('weigh TAO by its share, rounded down', () => {
    fc.assert(
      fc.property(stake, stake, share, (alpha, tao, taoWeight) => {
        const found = weighted(alpha, tao, taoWeight);
        expect(found).toBeLessThanOrEqual(alpha + (tao * taoWeight) / MOST);
        expect(found).toBeGreaterThanOrEqual(alpha + (tao * taoWeight) / MOST - tao / BITS - 1n);
      }),
    );
    expect(weighted(5n, 1_000_000_000_000n, 3_320_413_933_267_719_290n)).toBe(179_999_999_939n);
  });
});

describe('parameters', () => {
  it.each([
    [{ Tempo: 360, ActivityCutoffFactorMilli: 13_889 }, 5000],
    [{ Tempo: 360, ActivityCutoffFactorMilli: 13_889, ActivityCutoff: 7 }, 5000],
    [{ Tempo: 0, ActivityCutoffFactorMilli: 13_889 }, 1],
    [{ Tempo: 360, ActivityCutoffFactorMilli: 0 }, 1],
    [{ Tempo: 360, ActivityCutoffFactorMilli: 3 }, 1],
    [{ Tempo: 360, ActivityCutoff: 5000 }, 5000],
    [{ Tempo: 360 }, 0],
  ])('has the activity cutoff of %j', (items, blocks) => {
    expect(activityCutoff(items)).toBe(blocks);
  });

  it.each([
    [undefined, 'yuma'],
    [null, 'yuma'],
    ['Yuma', 'yuma'],
    ['Null', 'null'],
    [{ null: null }, 'null'],
    [{ yuma: null }, 'yuma'],
    [{ liquidAlpha: { alpha: 3 } }, 'liquidalpha'],
    [1, 'unknown (1)'],
    [{}, 'unknown ({})'],
  ])('names the consensus of %j', (value, name) => {
    expect(consensusOf(value)).toBe(name);
  });

  it.each([
    [amount, 0, 0n],
    [amount, Number.MAX_SAFE_INTEGER, 9_007_199_254_740_991n],
    [amount, '0xffffffffffffffff', MOST],
    [amount, -1, undefined],
    [amount, 1.5, undefined],
    [amount, 2 ** 53, undefined],
    [amount, '0x', undefined],
    [amount, '12', undefined],
    [amount, null, undefined],
    [count, '0xffffffffffffffff', Number.MAX_SAFE_INTEGER],
    [count, '0x20000000000000', Number.MAX_SAFE_INTEGER],
    [fraction, 65_535, 1],
    [fraction, 65_536, undefined],
    [fraction, -1, undefined],
    [fraction, '0x1', undefined],
  ])('reads numbers of their kind alone (%#)', (schema, value, read) => {
    expect(schema.safeParse(value).data).toBe(read);
  });
});

describe('networks', () => {
  const codeOf = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return isAssayError(error) ? error.code : error;
    }
  };

  it.each(NETWORK_NAMES)('%s has endpoints over TLS, or is this machine', (network) => {
    const { name, endpoints } = networkOf({ network });
    expect(name).toBe(network);
    for (const endpoint of endpoints) expect(endpoint).toMatch(network === 'local' ? /^ws:\/\/127\.0\.0\.1:/ : /^wss:/);
  });

  it.each([
    '',
    'nope',
    'constructor',
    '__proto__',
    'http://127.0.0.1',
    'wss://',
    'file:///etc/passwd',
    'localhost:9944',
  ])('knows no network %j', (network) => {
    expect(codeOf(() => networkOf({ network }))).toBe('NETWORK_UNKNOWN');
    expect(codeOf(() => networkOf({ network: 'finney', endpoints: [network] }))).toBe('NETWORK_UNKNOWN');
  });

  it('knows the chain of a public endpoint, and of no other', () => {
    const { genesis } = networkOf({ network: 'finney' });
    expect(networkOf({ network: 'wss://archive.chain.opentensor.ai:443' })).toMatchObject({ genesis });
    expect(networkOf({ network: 'wss://archive.chain.opentensor.ai/' })).toMatchObject({ genesis });
    expect(networkOf({ network: 'ws://127.0.0.1:9944' })).not.toHaveProperty('genesis');
    expect(networkOf({ network: 'wss://example.org' })).not.toHaveProperty('genesis');
  });

  it('prefers endpoints that are given, and shows no credentials', () => {
    const given = ['wss://name:secret@example.org/key?token=secret', 'ws://127.0.0.1:9944'];
    const { name, endpoints } = networkOf({ network: 'finney', endpoints: given });
    expect(endpoints).toEqual(given);
    expect(name).not.toContain('secret');
  });
});
