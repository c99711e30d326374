import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RowSource } from '@assay/core/contracts/row-source';
import { asDataset } from '@assay/core/datasets/document-dataset';
import type { DatasetProvider, SampleRequest } from '@assay/core/contracts/dataset-provider';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { systemClock } from '@assay/core/runtime/system-clock';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import localFiles from '@assay/plugin-local-files';

const never = new AbortController().signal;
const EOS = 0;

/** A token a character, its number the code: what comes out shows what went in. */
const letters: Tokenizer = {
  name: 'letters',
  digest: 'd',
  eosTokenId: EOS,
  vocabularySize: 128,
  modelMaxLength: 6,
  encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
};

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-texts-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Texts of local files come from no source of rows. */
const noRows: RowSource = {
  description: 'none',
  maxInFlight: 1,
  page: () => Promise.reject(new Error('asked')),
  splits: () => Promise.reject(new Error('asked')),
};

async function dataset(path: string, options: object = {}): Promise<DatasetProvider> {
  const provided = localFiles.provides.datasets?.['local-text'];
  if (!provided) throw new Error('local-files provides local-text');
  const deps = {
    clock: systemClock,
    dataDir: path,
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: () => undefined,
    resolvePath: (given: string) => given,
    rows: noRows,
  };
  return asDataset(await provided.create(provided.options.parse({ path, ...options }), deps, never));
}

function request(change: Partial<SampleRequest> = {}): SampleRequest {
  return { seed: 7n, tokenizer: letters, sequenceLength: 4, batchSize: 1, pages: 2, packSamples: true, ...change };
}

function rowsFile(rows: readonly object[]): string {
  const path = join(newFolder(), 'rows.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const alphabet = Array.from({ length: 26 }, (_none, at) => ({ text: String.fromCharCode(97 + at).repeat(2) }));

describe('local-text', () => {
  it('draws pages of consecutive rows from random rows on, each row ended by the mark', async () => {
    const { batches, pages } = await (await dataset(rowsFile(alphabet), { pageRows: 3 })).sample(request(), never);
    const random = new PythonRandom(7n);
    const first = [random.randint(0, 23), random.randint(0, 23)];
    expect(pages).toEqual(first.map(String));
    const stream = first
      .flatMap((row) => alphabet.slice(row, row + 3))
      .flatMap(({ text }) => [...letters.encode(text), EOS]);
    expect(batches.flat(2)).toEqual(stream.slice(0, 16));
    expect(batches.map((batch) => batch.map((row) => row.length))).toEqual([[4], [4], [4], [4]]);
  });

  it('gives the same for a seed and something else for another', async () => {
    const texts = await dataset(rowsFile(alphabet), { pageRows: 3 });
    const sample = await texts.sample(request(), never);
    expect(await texts.sample(request(), never)).toEqual(sample);
    expect(await (await dataset(rowsFile(alphabet), { pageRows: 3 })).sample(request(), never)).toEqual(sample);
    expect((await texts.sample(request({ seed: 8n }), never)).pages).not.toEqual(sample.pages);
  });

  it('cuts a row at the limit of the tokenizer before it ends it', async () => {
    const path = rowsFile([{ text: 'abcdefghij' }]);
    const { batches } = await (await dataset(path)).sample(request({ pages: 1, sequenceLength: 7 }), never);
    expect(batches).toEqual([[[...letters.encode('abcdef'), EOS]]]);
  });

  it('pads each row by itself when rows are not packed', async () => {
    const path = rowsFile([{ text: 'ab' }, { text: 'abcd' }, { text: 'abcde' }]);
    const { batches } = await (await dataset(path)).sample(request({ pages: 1, packSamples: false }), never);
    expect(batches.flat()).toEqual(
      [
        ['ab', 2],
        ['abcd', 0],
        ['abcd', 0],
        ['e', 3],
      ].map(([text, pad]) => [...letters.encode(String(text)), ...Array.from({ length: Number(pad) }, () => EOS)]),
    );
  });

  it('draws again, 14 times at most, while there is less than one sequence', async () => {
    const path = rowsFile([{ text: 'a' }, { text: 'b' }]);
    const { batches, pages } = await (
      await dataset(path, { pageRows: 1 })
    ).sample(request({ pages: 1, sequenceLength: 4 }), never);
    expect(batches).toEqual([]);
    expect(pages).toHaveLength(15);
    const longer = rowsFile([{ text: 'a' }, { text: 'bbbbb' }]);
    const found = await (
      await dataset(longer, { pageRows: 1 })
    ).sample(request({ pages: 1, sequenceLength: 4 }), never);
    expect(found.pages.at(-1)).toBe('1');
    expect(found.pages.slice(0, -1).every((page) => page === '0')).toBe(true);
    expect(found.batches).toEqual([[letters.encode('bbbb')]]);
  });

  it('reads a folder of both kinds in the order of the names, and another field', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'b.txt'), 'plain\ntext');
    writeFileSync(join(folder, 'a.jsonl'), '\uFEFF{"content":"row"}\r\n\n{"content":"two"}');
    writeFileSync(join(folder, 'ignored.csv'), 'x');
    const tokenizer = { ...letters, modelMaxLength: Number.POSITIVE_INFINITY };
    const { batches } = await (
      await dataset(folder, { textField: 'content' })
    ).sample(request({ tokenizer, pages: 1, sequenceLength: 19 }), never);
    expect(batches).toEqual([[['row', 'two', 'plain\ntext'].flatMap((text) => [...letters.encode(text), EOS])]]);
  });

  it('tells its source by the digest of the content', async () => {
    const path = rowsFile(alphabet);
    const content = alphabet.map((row) => `${JSON.stringify(row)}\n`).join('');
    const { source } = await (await dataset(path)).sample(request(), never);
    expect(source).toBe(`sha256:${createHash('sha256').update(content).digest('hex')}`);
    const folders = ['ab|c', 'a|bc'].map((texts) => {
      const folder = newFolder();
      texts.split('|').forEach((text, at) => {
        writeFileSync(join(folder, `${at}.txt`), text);
      });
      return folder;
    });
    const sources = await Promise.all(
      folders.map(async (folder) => (await (await dataset(folder)).sample(request(), never)).source),
    );
    expect(new Set(sources).size).toBe(2);
  });

  it.each([
    ['is no JSON', '{"text":'],
    ['is no object', '"text"'],
    ['is null', 'null'],
    ['lacks the field', '{"other":"x"}'],
    ['has no text in the field', '{"text":5}'],
  ])('names the line that %s', async (_name, line) => {
    const path = join(newFolder(), 'rows.jsonl');
    writeFileSync(path, `{"text":"fine"}\n\n${line}\n`);
    const sampling = (await dataset(path)).sample(request(), never);
    await expect(sampling).rejects.toMatchObject({
      code: 'TEXT_ROW_INVALID',
      fault: 'config',
      payload: { file: path, line: 3, field: 'text' },
    });
  });

  it.each<[string, (folder: string) => string]>([
    ['is missing', (folder) => join(folder, 'missing.jsonl')],
    ['is an empty folder', (folder) => folder],
    [
      'is an empty file',
      (folder) => {
        writeFileSync(join(folder, 'x.jsonl'), '\n');
        return join(folder, 'x.jsonl');
      },
    ],
    [
      'holds a folder in place of a file',
      (folder) => {
        mkdirSync(join(folder, 'x.txt'));
        return folder;
      },
    ],
  ])('says that a path %s', async (_name, make) => {
    const path = make(newFolder());
    const expected = { code: 'TEXT_FILE_UNREADABLE', fault: 'config', payload: { path } };
    const made = await dataset(path);
    await expect(made.requireAccess?.(never)).rejects.toMatchObject(expected);
    await expect(made.sample(request(), never)).rejects.toMatchObject(expected);
  });

  it('stops when aborted', async () => {
    await expect((await dataset(rowsFile(alphabet))).sample(request(), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
