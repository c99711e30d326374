import { readBundle, readManifest } from '@assay/plugin-token-shards/dist/manifests/documents.js';
import { sourceTargets } from '@assay/plugin-token-shards/dist/draw/targets.js';
import { ReadPlan } from '@assay/plugin-token-shards/dist/shards/ranges.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SHA = 'ab'.repeat(32);
const manifest = (value: unknown): ReturnType<typeof readManifest> => readManifest('m.json', JSON.stringify(value));
const shard = (reference: string, record?: number, sha256?: string): object => ({ reference, record, sha256 });

describe('a manifest', () => {
  it.each<[what: string, value: unknown, prefix: string, entries: object[]]>([
    ['a list of names', ['a.npy', 'b.txt', ' c.npy '], '', [shard('a.npy'), shard('c.npy')]],
    ['an object', { shards: ['a.npy'], seq_len: 2048 }, '', [shard('a.npy', 2048)]],
    ['the other name of the length', { shards: ['a.npy'], sequence_length: '8192' }, '', [shard('a.npy', 8192)]],
    ['no length', { shards: ['a.npy'], seq_len: 0, sequence_length: null }, '', [shard('a.npy')]],
    ['a prefix', { shards: ['a.npy'], shard_prefix: '/x/y/', prefix: 'z' }, 'x/y', [shard('a.npy')]],
    ['the other name of the prefix', { shards: ['a.npy'], shard_prefix: '', prefix: 'z' }, 'z', [shard('a.npy')]],
    [
      'objects, whose first name that is not empty counts',
      {
        seq_len: 4,
        shards: [
          { url: '', key: 'a.npy', name: 'b.npy' },
          { name: 'c.npy', seq_len: 8 },
          { uri: 'd.bin' },
          7,
          null,
          ['e.npy'],
        ],
      },
      '',
      [shard('a.npy', 4), shard('c.npy', 8)],
    ],
    [
      'hashes',
      [
        { path: 'a.npy', sha256: SHA.toUpperCase() },
        { path: 'b.npy', digest: `sha256:${SHA}` },
        { path: 'c.npy', hash: 'md5:1' },
      ],
      '',
      [shard('a.npy', undefined, SHA), shard('b.npy', undefined, SHA), shard('c.npy')],
    ],
  ])('is read: %s', (_what, value, prefix, entries) => {
    expect(manifest(value)).toEqual({ prefix, entries });
  });

  it.each<[what: string, value: unknown]>([
    ['a text', 'a.npy'],
    ['no list of shards', { shards: 'a.npy' }],
    ['no shard', []],
    ['a negative length', { shards: ['a.npy'], seq_len: -1 }],
    ['half a token', { shards: ['a.npy'], seq_len: 1.5 }],
    ['a length of an entry that is none', [{ name: 'a.npy', seq_len: 'long' }]],
    ['a sha256 that is none', [{ name: 'a.npy', sha256: 'abc' }]],
    ['too many shards', Array.from({ length: 100_001 }, () => 'a.npy')],
  ])('is refused: %s', (_what, value) => {
    expect(() => manifest(value)).toThrow(expect.objectContaining({ code: 'MANIFEST_UNUSABLE' }) as Error);
  });
});

describe('a bundle', () => {
  const bundle = (sources: unknown): ReturnType<typeof readBundle> => readBundle('b.json', JSON.stringify({ sources }));

  it('names its enabled sources; one without a name or a manifest does not count', () => {
    const sources = [
      { name: 'a', manifest_url: 'a/manifest.json', weight: 0.5, enabled: true },
      { name: 'b', manifest_url: 'b/manifest.json', weight: null },
      { name: 'c', manifest_url: 'c/manifest.json', enabled: false },
      { name: '', manifest_url: 'd/manifest.json' },
      { name: 'e' },
    ];
    expect(bundle(sources)).toEqual([
      { manifest: 'a/manifest.json', weight: 0.5 },
      { manifest: 'b/manifest.json', weight: undefined },
    ]);
  });

  it.each<[what: string, sources: unknown]>([
    ['no list', {}],
    ['a negative weight', [{ name: 'a', manifest_url: 'm', weight: -1 }]],
    ['a weight beyond all others', [{ name: 'a', manifest_url: 'm', weight: 1e300 }]],
    ['no enabled source', [{ name: 'a', manifest_url: 'm', enabled: false }]],
    ['no weight at all', [{ name: 'a', manifest_url: 'm', weight: 0 }]],
    ['a weight that is no number', [{ name: 'a', manifest_url: 'm', weight: 'half' }]],
    ['too many sources', Array.from({ length: 1001 }, () => ({ name: 'a', manifest_url: 'm' }))],
  ])('is refused: %s', (_what, sources) => {
    expect(() => bundle(sources)).toThrow(expect.objectContaining({ code: 'MANIFEST_UNUSABLE' }) as Error);
  });
});

it('shares of sources sum to the total, and differ from the exact share by less than one', () => {
  const weights = fc
    .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 })
    .filter((all) => all.some(Boolean));
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.option(weights, { nil: undefined }),
      fc.integer({ min: 1, max: 12 }),
      (total, given, count) => {
        const sources = given?.length ?? count;
        const targets = sourceTargets(total, sources, given);
        const sum = given?.reduce((all, weight) => all + weight, 0) ?? sources;
        expect(targets.reduce((all, target) => all + target, 0)).toBe(total);
        for (const [index, target] of targets.entries())
          expect(Math.abs(target - (total * (given?.[index] ?? 1)) / sum)).toBeLessThan(1);
      },
    ),
  );
});

it('reads sequences by ranges as they lie, also where they overlap', () => {
  const data = Uint32Array.from({ length: 300_000 }, (_none, index) => index * 7);
  const bytes = new Uint8Array(data.buffer);
  const span = fc.record({ at: fc.nat(290_000), tokens: fc.integer({ min: 1, max: 10_000 }) });
  fc.assert(
    fc.property(fc.array(fc.array(span, { minLength: 1, maxLength: 3 }), { maxLength: 30 }), (sequences) => {
      const plan = new ReadPlan(sequences);
      for (const range of plan.ranges) plan.fill(range, bytes.subarray(range.start, range.end));
      const expected = sequences.map((spans) => spans.flatMap(({ at, tokens }) => [...data.subarray(at, at + tokens)]));
      expect(plan.rows().map((row) => [...row])).toEqual(expected);
      for (const [index, range] of plan.ranges.entries()) {
        const next = plan.ranges[index + 1];
        if (next) expect(next.start - range.end > 64 * 1024 || next.end - range.start > 4 * 1024 ** 2).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
