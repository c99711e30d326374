import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Json, JournalRecord } from '@assay/core/contracts/round-journal';
import { contentsOf, formatExport, parseExport } from '@assay/core/journal/export';
import { FIRST_PREVIOUS_HASH, entryHash } from '@assay/core/journal/hash';
import { withoutPaths } from '@assay/core/journal/machine-paths';
import { decodeNumbers, encodeNumbers } from '@assay/core/journal/number-bytes';
import { joinEntry, namedBy, splitEntry, type Contents } from '@assay/core/journal/stored-entry';
import { asJson } from '@assay/core/runtime/derived-rows';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Split {
  entry: Json;
  contents: Contents;
  attachments: Map<string, Uint8Array>;
  parts: Map<string, Json>;
}

function split(entry: object): Split {
  const { entry: stored, attachments, parts } = splitEntry('round', entry);
  const byDigest = new Map(attachments.map(({ digest, content }) => [digest, content]));
  const partsByDigest = new Map(parts.map(({ digest, value }) => [digest, value]));
  return {
    entry: asJson(stored),
    attachments: byDigest,
    parts: partsByDigest,
    contents: { attachment: (digest) => byDigest.get(digest), part: (digest) => partsByDigest.get(digest) },
  };
}

const contender = (uid: number, losses: number[]) => ({
  uid,
  hotkey: `hotkey ${uid}`,
  block: 5,
  commitment: 'a:b:c:d:1',
  reference: { namespace: 'a', name: 'b', revision: 'c' },
  architecture: 'Plain',
  parameterCount: 7,
  evaluationDigest: 'e'.repeat(64),
  sameAs: null,
  outcome: { status: 'scored', tasks: [{ name: 't', kind: 'text-loss', rawScore: 1, samples: 3, losses }] },
});

const round = (losses: number[][], more: object = {}) => ({
  format: 2,
  competition: { id: 1, constraints: { maxBytes: 10 } },
  rules: { alpha: 0.5 },
  schedule: [{ id: 1, share: 1 }],
  numerics: { device: 'cpu' },
  tokenizer: { name: 'none', digest: '' },
  samples: [{ task: 't', source: 'rows', pages: ['p1', 'p2'], digest: 'x', batches: 3 }],
  contenders: losses.map((list, uid) => contender(uid, list)),
  verdict: { void: null },
  ...more,
});

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe('an entry', () => {
  it('is the same after it was split and joined, to the last bit of every loss', () => {
    fc.assert(
      fc.property(fc.array(fc.array(finite, { maxLength: 9 }), { maxLength: 5 }), (losses) => {
        const entry = round(losses);
        const { entry: stored, contents } = split(entry);
        expect(joinEntry(stored, contents)).toEqual({ entry: { ...entry, type: 'round' }, missing: [] });
      }),
    );
  });

  it('holds digests in place of losses, pages and what is equal in every round', () => {
    const { entry, attachments, parts } = split(round([[1.5], [1.5], [2.5]]));
    const text = JSON.stringify(entry);
    for (const gone of ['1.5', 'p1', 'maxBytes', 'alpha', 'Plain', 'a:b:c:d:1']) expect(text).not.toContain(gone);
    // Two lists of losses and one of pages; five members and one model.
    expect([attachments.size, parts.size]).toEqual([3, 6]);
    expect(namedBy(entry)).toEqual({
      attachments: expect.arrayContaining([...attachments.keys()]) as unknown,
      parts: expect.arrayContaining([...parts.keys()]) as unknown,
    });
  });

  it('stays itself when the same parts come in another round', () => {
    const [one, other] = [split(round([[1]])), split(round([[2]]))];
    expect([...other.parts.keys()]).toEqual([...one.parts.keys()]);
  });

  it('of version 0.1 names nothing and comes back as it is', () => {
    const entry = asJson({ ...round([[1]]), format: 1 });
    expect(joinEntry(entry, split({}).contents)).toEqual({ entry, missing: [] });
    expect(namedBy(entry)).toEqual({ attachments: [], parts: [] });
  });

  it('without its attachments has empty lists, and names what is missing', () => {
    const { entry, contents } = split(round([[1], [2]]));
    const left = joinEntry(entry, { ...contents, attachment: () => undefined });
    expect(left.missing.map(({ member }) => member)).toEqual([
      'contenders.0.outcome.tasks.0.losses',
      'contenders.1.outcome.tasks.0.losses',
      'samples.0.pages',
    ]);
    expect(left.entry).toMatchObject({ contenders: [{ outcome: { tasks: [{ losses: [] }] } }, {}] });
  });

  it('without a part, or with an attachment of other content, cannot be joined', () => {
    const { entry, contents } = split(round([[1]]));
    const join = (change: Partial<Contents>) => () => joinEntry(entry, { ...contents, ...change });
    expect(join({ part: () => undefined })).toThrow(expect.objectContaining({ code: 'JOURNAL_PART_MISSING' }));
    const bad = Buffer.from('three');
    expect(join({ attachment: () => bad })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_ATTACHMENT_DAMAGED', fault: 'validator' }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with a loss of %d is not recorded', (loss) => {
    expect(() => split(round([[1, loss]]))).toThrow(expect.objectContaining({ code: 'JOURNAL_VALUE_INVALID' }));
  });

  it('takes halves of surrogate pairs that a miner has written', () => {
    const [one] = round([[1]]).contenders;
    const { entry, contents } = split({ ...round([]), contenders: [{ ...one, commitment: 'a\ud800' }] });
    expect(joinEntry(entry, contents).entry).toMatchObject({ contenders: [{ commitment: 'a\ufffd' }] });
  });
});

describe('pages of samples', () => {
  const samples = [{ task: 't', source: 'rows', pages: ['p1', 'p2'], digest: 'x', batches: 3, clusters: [1, 0, 1] }];

  it('are named for each sample in an attachment, and come back', () => {
    const entry = round([], { samples });
    const { entry: stored, attachments, contents } = split(entry);
    expect(stored).toMatchObject({ samples: [{ clusters: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] });
    expect(attachments.size).toBe(2);
    expect(namedBy(stored).attachments).toHaveLength(2);
    expect(joinEntry(stored, contents).entry).toEqual({ ...entry, type: 'round' });
  });

  it('are an empty list once they were dropped, and are named', () => {
    const { entry: stored } = split(round([], { samples }));
    const { entry, missing } = joinEntry(stored, {
      attachment: () => undefined,
      part: split(round([], { samples })).contents.part,
    });
    expect(entry).toMatchObject({ samples: [{ clusters: [], pages: [] }] });
    expect(missing.map(({ member }) => member)).toEqual(['samples.0.clusters', 'samples.0.pages']);
  });
});

describe('numbers', () => {
  it('are kept bit by bit', () => {
    const numbers = [0, -0, 1 / 3, 5e-324, Number.MAX_VALUE, -2.5];
    expect(decodeNumbers(encodeNumbers(numbers))).toEqual(numbers);
    expect(decodeNumbers(Buffer.alloc(9))).toBeUndefined();
    expect(decodeNumbers(Buffer.alloc(8, 0xff))).toBeUndefined();
  });
});

describe('paths of the machine', () => {
  it.each([
    ['The files of a/b in /home/operator/.assay/store/models/ab12 are gone.', 'The files of a/b in …/ab12 are gone.'],
    ["ENOENT: open '/mnt/fast disk/x/y.bin'", "ENOENT: open '…/y.bin'"],
    ['at run (file:///opt/assay/core/dist/x.js:3:4)', 'at run (…/x.js:3:4)'],
    ['C:\\Users\\me\\store\\model.bin: gone', '…/model.bin: gone'],
    [`${join(homedir(), 'models', 'c')} is full`, '…/c is full'],
    ['see https://example.org/a/b/c and x/y/z', 'see https://example.org/a/b/c and x/y/z'],
    ['half / half, 3/4, and/or', 'half / half, 3/4, and/or'],
  ])('in %j are cut to their last name', (text, expected) => {
    expect(withoutPaths(text)).toBe(expected);
  });

  it('are looked for in time that grows with the text', () => {
    const texts = ['/', "'/", '/a', 'C:\\', "'/a "].map((piece) => piece.repeat(200_000));
    const startedAt = performance.now();
    for (const text of texts) withoutPaths(text);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it.each(['/srv/validator/store/models/x', '/srv/fast disk/store of mine/x', 'D:\\fast disk\\store\\x'])(
    'like %s are in no record',
    (path) => {
      const error = {
        code: 'X',
        message: `in ${path}`,
        hint: path,
        fault: 'validator',
        retry: 'never',
        payload: { directory: path, deep: [{ path }] },
      };
      const failed = { ...contender(0, []), outcome: { status: 'failed', error } };
      const more = {
        contenders: [failed],
        numerics: { runtime: path },
        samples: [{ task: 't', source: path, pages: [path], digest: 'x', batches: 1 }],
        verdict: { void: error },
      };
      const { entry, parts, attachments } = split(round([], more));
      const all = JSON.stringify([
        entry,
        [...parts.values()],
        [...attachments.values()].map((content) => Buffer.from(content).toString()),
      ]);
      expect(all).not.toMatch(/srv|disk|store/);
      expect(all).toContain('…/x');
    },
  );
});

describe('an exported round of this version', () => {
  const { entry, contents } = split(round([[1.25, 2], [3]]));
  const record: JournalRecord = {
    type: 'round',
    number: 3,
    position: 7,
    previousHash: FIRST_PREVIOUS_HASH,
    hash: entryHash(FIRST_PREVIOUS_HASH, entry),
    entry,
  };

  it.each([
    ['included', 0],
    ['left-out', 3],
  ] as const)('with its attachments %s lacks %i contents', (attachments, lacking) => {
    const document = parseExport(formatExport(record, undefined, contents, attachments));
    const joined = joinEntry(document.entry, contentsOf(document));
    expect(joined.missing).toHaveLength(lacking);
    if (lacking === 0) expect(joined).toEqual(joinEntry(entry, contents));
  });

  it('leaves out what the journal has dropped', () => {
    const document = parseExport(formatExport(record, undefined, { ...contents, attachment: () => undefined }));
    expect(joinEntry(document.entry, contentsOf(document)).missing).toHaveLength(3);
  });

  it.each([
    ['a part', (text: string) => text.replace('"maxBytes":10', '"maxBytes":11')],
    [
      'a loss',
      (text: string) => text.replace(encodeNumbers([3]).toString('base64'), encodeNumbers([4]).toString('base64')),
    ],
    ['the entry', (text: string) => text.replace('"uid":0', '"uid":9')],
  ])('is refused when %s was changed', (_what, change) => {
    const text = formatExport(record, undefined, contents);
    expect(change(text)).not.toBe(text);
    expect(() => parseExport(change(text))).toThrow(expect.objectContaining({ code: 'JOURNAL_EXPORT_TAMPERED' }));
  });

  it('is refused under another type', () => {
    const text = formatExport(record, undefined, contents).replace('"signature"', '"signature"');
    const claim = text.replace(/"type":"round","version"/, '"type":"claim","version"');
    expect(claim).not.toBe(text);
    expect(() => parseExport(claim)).toThrow(expect.objectContaining({ code: 'JOURNAL_EXPORT_MALFORMED' }));
  });
});
