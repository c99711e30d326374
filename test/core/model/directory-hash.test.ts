import { createHash } from 'node:crypto';
import { byCodePoint, directoryHash, secureHash } from '@assay/core/model/directory-hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).filter((text) => !text.includes('/'));
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const files = fc
  .uniqueArray(fc.record({ path, content: fc.string() }), { selector: (file) => file.path, maxLength: 12 })
  .map((all) => all.map((file) => ({ path: file.path, sha256: sha256(file.content) })));

describe('directoryHash', () => {
  it('does not look at the order in which files are given', () => {
    fc.assert(
      fc.property(
        files.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(directoryHash(shuffled)).toBe(directoryHash(all));
        },
      ),
    );
  });

  it('changes with any content', () => {
    fc.assert(
      fc.property(files, fc.nat(), (all, pick) => {
        fc.pre(all.length > 0);
        const changed = all.map((file, index) =>
          index === pick % all.length ? { ...file, sha256: sha256(`${file.sha256} changed`) } : file,
        );
        expect(directoryHash(changed)).not.toBe(directoryHash(all));
      }),
    );
  });

  it('takes files before folders, whatever their names', () => {
    const [a, b] = [sha256('a'), sha256('b')];
    expect(
      directoryHash([
        { path: 'aaa/file', sha256: a },
        { path: 'zzz', sha256: b },
      ]),
    ).toBe(
      directoryHash([
        { path: '1', sha256: b },
        { path: '2', sha256: a },
      ]),
    );
  });

  it('is the hash of nothing for no files, which callers refuse', () => {
    expect(directoryHash([])).toBe(createHash('sha256').digest('base64'));
  });
});

describe('byCodePoint', () => {
  it('differs from the order of UTF-16 units above U+FFFF', () => {
    expect(['\u{1f600}', '\uff5e', 'b', 'B', 'ba', ''].sort(byCodePoint)).toEqual([
      '',
      'B',
      'b',
      'ba',
      '\uff5e',
      '\u{1f600}',
    ]);
  });
});

describe('secureHash', () => {
  it('binds a folder to one hotkey', () => {
    expect(secureHash('hash', 'alice')).not.toBe(secureHash('hash', 'bob'));
    expect(secureHash('hash', 'alice')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });
});
