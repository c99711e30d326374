import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import ranks from 'gpt-tokenizer/bpeRanks/cl100k_base';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { TEXTS } from '@assay/competition-demo/dist/competitions.js';
import tokenizers from '@assay/plugin-tokenizers';
import { textsOf } from './texts.js';

const never = new AbortController().signal;
const SPECIAL = {
  '<|endoftext|>': 100_257,
  '<|fim_prefix|>': 100_258,
  '<|fim_middle|>': 100_259,
  '<|fim_suffix|>': 100_260,
  '<|endofprompt|>': 100_276,
};
/** As such files write cl100k's pieces. */
const PIECES = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** GPT-2's letters for bytes: printable ones are themselves, the rest follows from U+0100 on. */
function letters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_none, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** The two parts of which a token was last merged: those that the ranks below its own leave. */
function lastMerge(token: string, rankOf: ReadonlyMap<string, number>): [string, string] | undefined {
  const own = rankOf.get(token) ?? 0;
  let parts = Array.from(token);
  while (parts.length > 2) {
    let [best, at] = [own, -1];
    for (let index = 0; index + 1 < parts.length; index += 1) {
      const rank = rankOf.get(`${parts[index]}${parts[index + 1]}`) ?? own;
      if (rank < best) [best, at] = [rank, index];
    }
    if (at < 0) return undefined;
    parts = [...parts.slice(0, at), `${parts[at]}${parts[at + 1]}`, ...parts.slice(at + 2)];
  }
  return parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : undefined;
}

/** tokenizer.json and tokenizer_config.json as the hub has them for cl100k, made of its ranks. */
function writeTokenizer(folder: string): void {
  const letterOf = letters();
  const texts = ranks.map((token) =>
    [...(typeof token === 'string' ? Buffer.from(token, 'utf8') : Buffer.from(token))]
      .map((byte) => letterOf[byte] ?? '')
      .join(''),
  );
  const rankOf = new Map(texts.map((text, rank) => [text, rank]));
  const merges = texts
    .flatMap((text) => (text.length > 1 ? [lastMerge(text, rankOf)] : []))
    .flatMap((merge) => (merge ? [merge.join(' ')] : []));
  const added = Object.entries(SPECIAL).map(([content, id]) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const definition = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PIECES }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      // The library takes the id of an added token from here, and gives it the next free one where it is missing.
      vocab: { ...Object.fromEntries(texts.map((text, rank) => [text, rank])), ...SPECIAL },
      merges,
    },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(definition));
  writeFileSync(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ eos_token: '<|endoftext|>', model_max_length: 8192, tokenizer_class: 'GPT2Tokenizer' }),
  );
}

describe('cl100k_base', () => {
  let builtIn: Tokenizer;
  let fromJson: Tokenizer;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-cl100k-'));
    writeTokenizer(folder);
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
        resolvePath: (path) => path,
      },
      never,
    );
    [builtIn, fromJson] = await Promise.all([
      loader.load({ kind: 'builtin', name: 'cl100k_base' }, never),
      loader.load({ kind: 'folder', path: folder }, never),
    ]);
  }, 120_000);

  it('is the tokenizer of its tokenizer.json: ends, limits and size', () => {
    const { eosTokenId, modelMaxLength, vocabularySize } = builtIn;
    expect(fromJson).toMatchObject({ eosTokenId, modelMaxLength, vocabularySize });
  });

  it('gives its ids for English', () => {
    const rows = readFileSync(join(TEXTS, 'heldout.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    for (const text of rows) expect(builtIn.encode(text)).toEqual(fromJson.encode(text));
  });

  it('gives its ids for 3,000 texts of many scripts', () => {
    const texts = textsOf(3000, 2);
    expect(texts.filter((text) => builtIn.encode(text).join() !== fromJson.encode(text).join())).toEqual([]);
  });

  it.each([
    'a<|endoftext|>b<|fim_prefix|><|endofprompt|>',
    "I'LL we've 'S don’t ſ'ſ",
    'tabs\t\t\n  \r\n \u0085\u2028\u00a0\ufeff end',
    '12345 ١٢٣٤ Ⅷ ½ 1,000.5',
    '東京タワー 🙂‍↕️ é e\u0301 ﬁ',
    'x\ud800y \udc00',
    `${'a'.repeat(3000)} ${'='.repeat(500)}\n\n\n`,
    '',
  ])('gives its ids for %j', (text) => {
    expect(builtIn.encode(text)).toEqual(fromJson.encode(text));
  });

  it('gives its ids for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(builtIn.encode(text)).toEqual(fromJson.encode(text));
      }),
      { numRuns: 500 },
    );
  });
});
