import fc from 'fast-check';
import { encode as encodeByPackage } from 'gpt-tokenizer/encoding/cl100k_base';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import tokenizers from '@assay/plugin-tokenizers';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';

const never = new AbortController().signal;
let cl100k: Tokenizer;

beforeAll(async () => {
  const provided = tokenizers.provides.tokenizer;
  if (!provided) throw new Error('tokenizers provides a tokenizer');
  const loader = await provided.create(
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
  cl100k = await loader.load({ kind: 'builtin', name: 'cl100k_base' }, never);
  await expect(loader.load({ kind: 'builtin', name: 'gpt2' }, never)).rejects.toMatchObject({
    code: 'TOKENIZER_UNKNOWN',
    fault: 'config',
  });
});

/** The package's own ids for a text without special tokens; slow on long pieces. */
const expected = (text: string): number[] => encodeByPackage(text, { disallowedSpecial: new Set<string>() });

describe('cl100k_base', () => {
  it('says what netuid 9 expects of it', () => {
    expect(cl100k).toMatchObject({
      name: 'cl100k_base',
      eosTokenId: 100_257,
      vocabularySize: 100_277,
      modelMaxLength: 8192,
    });
    expect(cl100k.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, number[]]>([
    ['', []],
    ['hello world', [15339, 1917]],
    ['<|endoftext|>', [100257]],
    ['hello<|endoftext|> world', [15339, 100257, 1917]],
    ['<|fim_prefix|><|fim_middle|><|fim_suffix|><|endofprompt|>', [100258, 100259, 100260, 100276]],
  ])('makes special text its id anywhere, in %j', (text, ids) => {
    expect(cl100k.encode(text)).toEqual(ids);
  });

  it.each(['<|im_start|>', '<|endoftext|', '<|ENDOFTEXT|>', '<| endoftext |>'])('leaves %j a text', (text) => {
    expect(cl100k.encode(text)).toEqual(expected(text));
    expect(cl100k.encode(text).every((id) => id < 100_257)).toBe(true);
  });

  it('gives the ids of the package for any text without what the package gets wrong', () => {
    const fragment = fc.oneof(
      fc.constantFrom(
        'a',
        'the',
        ' ',
        '  ',
        '\n',
        '\r\n',
        '\t',
        "'s",
        "'LL",
        "don't",
        'é',
        'e\u0301',
        '東京',
        '🙂',
        '1',
        '1234',
        '_',
        '--',
        '//',
        '\u00a0',
        '\u3000',
        'ſ',
        'ab'.repeat(40),
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    const text = fc
      .array(fragment, { maxLength: 30 })
      .map((parts) => parts.join(''))
      .filter((joined) => !/[\uFEFF\u0085]|'ſ/.test(joined));
    fc.assert(
      fc.property(text, (given) => {
        expect(cl100k.encode(given)).toEqual(expected(given));
        expect(cl100k.decode(cl100k.encode(given))).toBe(given);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['one letter', 'a'.repeat(3000)],
    ['two letters', 'ab'.repeat(1500)],
    ['white space', ' \t'.repeat(1500)],
    ['letters of two bytes', 'é'.repeat(1500)],
    ['signs of four bytes', '🙂'.repeat(700)],
    [
      'letters without a pattern',
      Array.from({ length: 3000 }, (_none, at) => String.fromCharCode(97 + ((at * at * 7919) % 26))).join(''),
    ],
  ])('merges a long piece of %s as the package does', (_name, text) => {
    expect(cl100k.encode(text)).toEqual(expected(text));
  });

  it.each([
    // A byte order mark belongs to the sign behind it; to JavaScript it is white space.
    ['a byte order mark', '\uFEFF#include', ['\uFEFF#', 'include']],
    // U+0085 is white space; to JavaScript it is a sign like any other.
    ['the next-line control', ' \u0085x', [' ', '\u0085x']],
    ['the long s after an apostrophe', "'ſabc", ["'ſ", 'abc']],
  ])('cuts at %s where the library cuts', (_name, text, pieces) => {
    const apart = pieces.flatMap((piece) => cl100k.encode(piece));
    expect(cl100k.encode(text)).toEqual(apart);
  });

  it('makes lone surrogates replacement characters', () => {
    expect(cl100k.encode('a\ud800b\udc00')).toEqual(cl100k.encode('a\ufffdb\ufffd'));
  });

  it.each([
    ['a letter a million times', 'a'.repeat(1_000_000)],
    ['a million spaces', ' '.repeat(1_000_000)],
    ['a million spaces and a letter', `${' '.repeat(1_000_000)}x`],
    ['lines of spaces', `${' '.repeat(999)}\n`.repeat(1000)],
    ['an apostrophe a million times', "'".repeat(1_000_000)],
    ['beginnings of special tokens', '<|endoftext|'.repeat(80_000)],
    ['special tokens', '<|endoftext|>'.repeat(80_000)],
    ['combining marks', 'a\u0301'.repeat(300_000)],
  ])('takes %s in bounded time', (_name, text) => {
    const before = performance.now();
    const ids = cl100k.encode(text);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(ids.length).toBeGreaterThan(0);
    expect(cl100k.decode(ids) === text).toBe(true);
  });

  it('decodes bytes of half a character without leaving them to the next text', () => {
    const half = cl100k.encode('🙂').slice(0, 1);
    expect(cl100k.decode(half)).toMatch(/^\ufffd+$/);
    expect(cl100k.decode([15339])).toBe('hello');
    expect(cl100k.decode([15339, 100_257, 100_270])).toBe('hello<|endoftext|>');
  });
});
