import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Tokenizer, TokenizerLoader } from '@assay/core/contracts/tokenizer';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import tokenizers from '@assay/plugin-tokenizers';

const DEMO = join(import.meta.dirname, '../../../competitions/demo/assets/tokenizer');
const SAMPLES = join(import.meta.dirname, '../../fixtures/tokenizer_samples.json');
const { samples } = z
  .object({ samples: z.array(z.object({ text: z.string(), ids: z.array(z.number()) })) })
  .parse(JSON.parse(readFileSync(SAMPLES, 'utf8')));
const never = new AbortController().signal;
const END = 1023;

async function loader(): Promise<TokenizerLoader> {
  const provided = tokenizers.provides.tokenizer;
  if (!provided) throw new Error('tokenizers provides a tokenizer');
  return provided.create(
    {},
    {
      clock: systemClock,
      dataDir: '',
      netuid: 9,
      modules: [],
      make: makesNothing,
      environment: {},
      log: () => undefined,
      resolvePath: (path: string) => path,
    },
    never,
  );
}

const load = async (path: string): Promise<Tokenizer> => (await loader()).load({ kind: 'folder', path }, never);

/** A copy of the demo's tokenizer with texts replaced in one of its files. */
function changed(file: string, change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tokenizer-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  cpSync(DEMO, folder, { recursive: true });
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  return folder;
}

describe('a tokenizer from its folder', () => {
  it('says what it is', async () => {
    expect(await load(DEMO)).toMatchObject({
      name: DEMO,
      eosTokenId: END,
      vocabularySize: 1024,
      modelMaxLength: Number.POSITIVE_INFINITY,
    });
  });

  it.each(samples.map(({ text, ids }) => [text, ids] as const))(
    'gives the ids of the library for %j',
    async (text, ids) => {
      expect((await load(DEMO)).encode(text)).toEqual(ids);
    },
  );

  it('adds nothing, and takes back what it gave', async () => {
    const tokenizer = await load(DEMO);
    const text = 'naïve <|endoftext|> 🙂\n\tSQLite';
    const ids = tokenizer.encode(text);
    expect(ids.filter((id) => id === END)).toHaveLength(1);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.encode('x\ud800')).toEqual(tokenizer.encode('x\ufffd'));
  });

  it.each([
    ['a letter a million times', 'a'.repeat(1_000_000)],
    ['a million spaces and a letter', `${' '.repeat(1_000_000)}x`],
    ['special tokens', '<|endoftext|>'.repeat(50_000)],
    ['beginnings of special tokens', '<|'.repeat(300_000)],
  ])('takes %s in bounded time', async (_name, text) => {
    const tokenizer = await load(DEMO);
    const before = performance.now();
    expect(tokenizer.encode(text).length).toBeGreaterThan(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('has the white space of Unicode, not of JavaScript', async () => {
    // A merge of the mark's last byte with the sign behind it shows whether both are one piece.
    const mark = Array.from(Buffer.from('\uFEFF'), (byte) => BYTES[byte] ?? '').join('');
    const merged = changed('tokenizer.json', (text) =>
      text
        .replace('"!": 0,', `"!": 0, "${mark.slice(-1)}#": 1024,`)
        .replace('"merges": [', `"merges": ["${mark.slice(-1)} #",`),
    );
    const before = await load(DEMO);
    const after = await load(merged);
    expect(after.encode('\uFEFF#').length).toBe(before.encode('\uFEFF#').length - 1);
    expect(after.vocabularySize).toBe(1025);
  });

  it('has another digest when either file changes', async () => {
    const digests = await Promise.all(
      [
        DEMO,
        changed('tokenizer.json', (text) => `${text}\n`),
        changed('tokenizer_config.json', (text) => `${text}\n`),
        changed('tokenizer_config.json', (text) => text.replace(/"model_max_length": \d+/, '"model_max_length": 128')),
      ].map(async (path) => (await load(path)).digest),
    );
    expect(new Set(digests).size).toBe(4);
  });

  it('reads the limit, the end token and what is special', async () => {
    const limited = changed('tokenizer_config.json', (text) =>
      text.replace(/"model_max_length": \d+/, '"model_max_length": 128'),
    );
    expect((await load(limited)).modelMaxLength).toBe(128);
    const spelled = changed('tokenizer_config.json', (text) =>
      text.replace('"eos_token": "<|endoftext|>"', '"eos_token": {"content": "<|endoftext|>", "special": true}'),
    );
    expect((await load(spelled)).eosTokenId).toBe(END);
  });

  it.each<[string, string, (text: string) => string]>([
    ['no JSON', 'tokenizer.json', () => '{'],
    ['no vocabulary', 'tokenizer.json', () => '{}'],
    ['no end token', 'tokenizer_config.json', () => '{}'],
    [
      'an end token that is no token',
      'tokenizer_config.json',
      (text) => text.replace('"eos_token": "<|endoftext|>"', '"eos_token": "<|nothing|>"'),
    ],
  ])('refuses a folder with %s', async (_name, file, change) => {
    const path = changed(file, change);
    await expect(load(path)).rejects.toMatchObject({
      code: 'TOKENIZER_UNREADABLE',
      fault: 'config',
      payload: { path },
    });
  });

  it.each(['tokenizer.json', 'tokenizer_config.json'])('says that %s is a pointer of git-lfs', async (file) => {
    const path = changed(file, () => 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    await expect(load(path)).rejects.toMatchObject({
      code: 'TOKENIZER_UNREADABLE',
      payload: { reason: expect.stringMatching(`${file} is the pointer of git-lfs`) as unknown },
    });
  });

  it('refuses a folder that is not there, and looks again when asked again', async () => {
    const folder = changed('tokenizer.json', (text) => text);
    const tokenizerLoader = await loader();
    const missing = join(folder, 'later');
    await expect(tokenizerLoader.load({ kind: 'folder', path: missing }, never)).rejects.toMatchObject({
      code: 'TOKENIZER_UNREADABLE',
    });
    cpSync(DEMO, missing, { recursive: true });
    const found = await tokenizerLoader.load({ kind: 'folder', path: missing }, never);
    expect(found.eosTokenId).toBe(END);
    expect(await tokenizerLoader.load({ kind: 'folder', path: missing }, never)).toBe(found);
  });
});

/** How byte-level vocabularies spell bytes: printable ones as themselves, the others from U+0100 on. */
const BYTES: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_none, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
})();
