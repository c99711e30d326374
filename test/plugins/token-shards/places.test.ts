import {
  configuredPlace,
  manifestPlace,
  shardPlaces,
  shownPlace,
  sourceName,
} from '@assay/plugin-token-shards/dist/places/place.js';
import { isAssayError } from '@assay/core/errors/assay-error';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const place = (text: string): ReturnType<typeof configuredPlace> => configuredPlace(text, (path) => path);
const WEB = 'https://data.example/bucket/set/web/manifest.json';
const LOCAL = 'http://127.0.0.1:8080/bucket/set/web/manifest.json';
const S3 = 's3://bucket/set/web/manifest.json';
const FILE = '/data/set/web/manifest.json';

describe('a shard that a manifest names', () => {
  it.each<[manifest: string, reference: string, prefix: string, places: string[]]>([
    [
      WEB,
      'set/web/a.npy',
      '',
      ['https://data.example/bucket/set/web/a.npy', 'https://data.example/bucket/set/web/set/web/a.npy'],
    ],
    [
      WEB,
      'bucket/set/web/a.npy',
      '',
      ['https://data.example/bucket/set/web/a.npy', 'https://data.example/bucket/set/web/bucket/set/web/a.npy'],
    ],
    [
      WEB,
      'a.npy',
      'set/web',
      ['https://data.example/bucket/set/web/a.npy', 'https://data.example/bucket/set/web/set/web/a.npy'],
    ],
    [
      WEB,
      'set/web/a.npy',
      'set/web',
      ['https://data.example/bucket/set/web/a.npy', 'https://data.example/bucket/set/web/set/web/a.npy'],
    ],
    [WEB, '/a.npy', '', ['https://data.example/bucket/a.npy', 'https://data.example/bucket/set/web/a.npy']],
    [WEB, 'https://other.example/a.npy', 'set', ['https://other.example/a.npy']],
    [LOCAL, 'http://127.0.0.1:8080/a.npy', '', ['http://127.0.0.1:8080/a.npy']],
    [S3, 'set/web/a.npy', '', ['s3://bucket/set/web/a.npy', 's3://bucket/set/web/set/web/a.npy']],
    [S3, 's3://bucket/set/web/a.npy', '', ['s3://bucket/set/web/a.npy']],
    [S3, 'https://other.example/a.npy', '', ['https://other.example/a.npy']],
    [FILE, 'a.npy', '', ['/data/set/web/a.npy']],
    [FILE, 'set/web/a.npy', '', ['/data/set/web/a.npy', '/data/set/web/set/web/a.npy']],
    [FILE, 'web/a.npy', '', ['/data/set/web/a.npy', '/data/set/web/web/a.npy']],
    [FILE, 'https://other.example/a.npy', '', ['https://other.example/a.npy']],
  ])('of %s is found: %s', (manifest, reference, prefix, places) => {
    expect(shardPlaces(place(manifest), reference, prefix).map(shownPlace)).toEqual(places);
  });

  it.each<[manifest: string, reference: string]>([
    [WEB, '../../secret.npy'],
    [WEB, '%2e%2e/%2E./secret.npy'],
    [WEB, 'a//b.npy'],
    [WEB, 'http://data.example/a.npy'],
    [WEB, 'https://127.0.0.1/a.npy'],
    [WEB, 'https://0x7f.1/a.npy'],
    [WEB, 'https://[::1]/a.npy'],
    [WEB, 'https://169.254.169.254/latest/a.npy'],
    [WEB, 'https://user:word@other.example/a.npy'],
    [WEB, 'file:///etc/passwd.npy'],
    [WEB, 's3://bucket/a.npy'],
    [WEB, 'ftp://other.example/a.npy'],
    [WEB, 'data:,a.npy'],
    [LOCAL, 'http://127.0.0.1:8081/a.npy'],
    [S3, 's3://another/a.npy'],
    [S3, 's3://bucket/../a.npy'],
    [S3, 'http://bucket.example/a.npy'],
    [FILE, '../../../etc/a.npy'],
    [FILE, 'x/../../../../etc/a.npy'],
    [FILE, 'file:///etc/a.npy'],
    [FILE, 'http://127.0.0.1/a.npy'],
    [FILE, 's3://bucket/a.npy'],
    [FILE, 'a\0.npy'],
    [FILE, '..\\..\\a.npy'],
  ])('of %s is refused: %s', (manifest, reference) => {
    expect(() => shardPlaces(place(manifest), reference, '')).toThrow(
      expect.objectContaining({ code: 'PLACE_REFUSED' }) as Error,
    );
    expect(() => manifestPlace(place(manifest), reference)).toThrow(
      expect.objectContaining({ code: 'PLACE_REFUSED' }) as Error,
    );
  });

  it('of a folder lies within it, whatever it is called', () => {
    const steps = fc.oneof(
      fc.constantFrom('..', '.', '', '/', '%2e%2e', 'file:', 'a', '\\', '~'),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 6 }), fc.array(steps, { maxLength: 3 }), (parts, prefix) => {
        try {
          for (const found of shardPlaces(place(FILE), parts.join('/'), prefix.join('/')))
            if (found.kind === 'file') expect(found.path.startsWith('/data/set/web/')).toBe(true);
        } catch (error) {
          expect(isAssayError(error) && error.code).toBe('PLACE_REFUSED');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is shown without the query of its address', () => {
    const [found] = shardPlaces(place(WEB), 'https://other.example/a.npy?X-Signature=secret', '');
    expect(found && shownPlace(found)).toBe('https://other.example/a.npy');
  });
});

describe('a place in the config', () => {
  it.each(['file:///data/bundle.json', 'ftp://host/bundle.json', 's3://b', 'https://user:word@host/bundle.json'])(
    'is refused: %s',
    (text) => {
      expect(() => place(text)).toThrow(
        expect.objectContaining({ code: 'SHARD_SOURCES_UNUSABLE', fault: 'config' }) as Error,
      );
    },
  );

  it('that is a path gives its folder, and the place of a manifest beside it', () => {
    expect(manifestPlace(place('/data/bundle.json'), 'web/manifest.json')).toEqual({
      kind: 'file',
      path: '/data/web/manifest.json',
      root: '/data',
    });
  });
});

describe('the name of a source', () => {
  // Found with the reference's own function.
  it.each([
    ['https://eu.example/teutonic-sn3/dataset/finewebedu/manifest.json', 'finewebedu'],
    ['https://eu.example/manifest.json', 'manifest'],
    ['https://eu.example/web/manifest', 'manifest'],
    ['https://eu.example/web/', 'web'],
    ['https://eu.example/', 'manifest'],
    ['https://eu.example/a/b/manifest.json?version=2#x', 'b'],
    ['https://eu.example/%C3%BCn%C3%AF/manifest.json', '%C3%BCn%C3%AF'],
    ['s3://bucket/dataset/pes2o-v3/manifest.json', 'pes2o-v3'],
    ['/data/synth/manifest.json', 'synth'],
  ])('of %s is %s', (reference, name) => {
    expect(sourceName(reference)).toBe(name);
  });
});
