/** A part of a tokenizer.json. */
export type Part = Readonly<Record<string, unknown>>;

/** GPT-2's letters for bytes: printable ones are themselves, the rest follows from U+0100 on. */
const LETTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_none, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
})();

const SPECIAL = ['<unk>', '<s>', '</s>', '<mask>'];
const BYTES = Array.from({ length: 256 }, (_none, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const CHARACTERS = Array.from({ length: 95 }, (_none, index) => String.fromCharCode(32 + index)).concat([
  ...Array.from('▁éàüß東京안녕Привет'),
]);
const MERGES = ['h e', 'l l', 'he ll', 'hell o', 't h', 'th e', 'o r', 'w or', '▁ t', '▁ the', '▁ hello', '▁ ▁'];
const LETTER_MERGES = ['h e', 'l l', 'he ll', 'hell o', 't h', 'th e', 'Ġ t', 'Ġ the', 'Ġ Ġ', 'Ċ Ċ', 'ï »', 'Â ħ'];
const WORDS = ['the', 'hello', 'world', 'Hello', 'add', 'foo', 'bar', 'don', 't', 'it', 's', ',', '.', '(', ')'];

const numbered = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id]));
const joined = (merges: readonly string[]): string[] => merges.map((merge) => merge.replace(' ', ''));

/** Models by name. Each knows the special tokens. */
export const MODELS: Readonly<Record<string, Part>> = {
  'BPE with bytes': {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: numbered([...SPECIAL, ...BYTES, ...CHARACTERS, ...joined(MERGES)]),
    merges: MERGES,
  },
  'BPE of letters': {
    type: 'BPE',
    vocab: numbered([...SPECIAL, ...LETTERS, ...joined(LETTER_MERGES)]),
    merges: LETTER_MERGES.map((merge) => merge.split(' ')),
  },
  'BPE without unknown token': { type: 'BPE', vocab: numbered([...SPECIAL, ...CHARACTERS]), merges: [] },
  'BPE with fused unknown tokens': {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    vocab: numbered([...SPECIAL, ...CHARACTERS]),
    merges: [],
  },
  'BPE with affixes': {
    type: 'BPE',
    unk_token: '<unk>',
    continuing_subword_prefix: '#',
    end_of_word_suffix: '</w>',
    vocab: numbered([
      ...SPECIAL,
      ...Array.from('thelowrd').flatMap((letter) => [letter, `#${letter}`, `#${letter}</w>`, `${letter}</w>`]),
      'th',
      'the</w>',
    ]),
    merges: ['t #h', 'th #e</w>'],
  },
  'BPE that ignores merges': {
    type: 'BPE',
    ignore_merges: true,
    unk_token: '<unk>',
    vocab: numbered([...SPECIAL, ...CHARACTERS, 'world', 'hello']),
    merges: [],
  },
  WordPiece: {
    type: 'WordPiece',
    unk_token: '<unk>',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 20,
    vocab: numbered([...SPECIAL, ...WORDS, ...CHARACTERS, ...CHARACTERS.map((each) => `##${each}`), '##llo', 'he']),
  },
  WordLevel: { type: 'WordLevel', unk_token: '<unk>', vocab: numbered([...SPECIAL, ...WORDS]) },
  Unigram: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [...SPECIAL, ...CHARACTERS, '▁the', '▁hello', 'hello', 'wor', 'ld', 'll', '▁▁'].map((piece, index) => [
      piece,
      -(index % 17) - piece.length / 7,
    ]),
  },
  'Unigram with bytes': {
    type: 'Unigram',
    unk_id: 0,
    byte_fallback: true,
    vocab: [...SPECIAL, ...BYTES, ...CHARACTERS, '▁the', '▁hello'].map((piece, index) => [piece, -(index % 13) - 1]),
  },
};

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];

const row = (name: string, part: Part): readonly [string, Part] => [name, part];

/** Normalizers by name. */
export const NORMALIZERS: Readonly<Record<string, Part>> = Object.fromEntries([
  ...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt'].map((type) => row(type, { type })),
  ...[true, false].flatMap((left) =>
    [true, false].map((right) =>
      row(`Strip ${left} ${right}`, { type: 'Strip', strip_left: left, strip_right: right }),
    ),
  ),
  ...[true, false].flatMap((lowercase) =>
    [true, false, null].map((strip_accents) =>
      row(`Bert ${lowercase} ${strip_accents}`, {
        type: 'BertNormalizer',
        clean_text: lowercase,
        handle_chinese_chars: true,
        strip_accents,
        lowercase,
      }),
    ),
  ),
  row('Replace string', { type: 'Replace', pattern: { String: ' ' }, content: '▁' }),
  row('Replace pattern', { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' }),
  row('Prepend', { type: 'Prepend', prepend: '▁' }),
  row('Sequence', {
    type: 'Sequence',
    normalizers: [{ type: 'NFD' }, { type: 'StripAccents' }, { type: 'Lowercase' }],
  }),
  row('Llama', {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  }),
]);

/** Pre-tokenizers by name. */
export const PRE_TOKENIZERS: Readonly<Record<string, Part>> = Object.fromEntries([
  ...['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'UnicodeScripts'].map((type) => row(type, { type })),
  ...[true, false].flatMap((add_prefix_space) =>
    [true, false].map((use_regex) =>
      row(`ByteLevel ${add_prefix_space} ${use_regex}`, {
        type: 'ByteLevel',
        add_prefix_space,
        trim_offsets: true,
        use_regex,
      }),
    ),
  ),
  ...['always', 'never', 'first'].flatMap((prepend_scheme) =>
    [true, false].map((split) =>
      row(`Metaspace ${prepend_scheme} ${split}`, { type: 'Metaspace', replacement: '▁', prepend_scheme, split }),
    ),
  ),
  row('Metaspace of old', { type: 'Metaspace', replacement: '▁', add_prefix_space: true }),
  row('CharDelimiterSplit', { type: 'CharDelimiterSplit', delimiter: 'l' }),
  ...[true, false].map((individual_digits) =>
    row(`Digits ${individual_digits}`, { type: 'Digits', individual_digits }),
  ),
  ...BEHAVIORS.map((behavior) => row(`Punctuation ${behavior}`, { type: 'Punctuation', behavior })),
  ...BEHAVIORS.flatMap((behavior) =>
    [true, false].flatMap((invert) => [
      row(`Split string ${behavior} ${invert}`, { type: 'Split', pattern: { String: ' ' }, behavior, invert }),
      row(`Split pattern ${behavior} ${invert}`, {
        type: 'Split',
        pattern: { Regex: String.raw`\s|\p{N}{1,3}|(?i:'s|l+)` },
        behavior,
        invert,
      }),
    ]),
  ),
  row('Sequence', {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: String.raw`\p{N}{1,3}` }, behavior: 'Isolated', invert: false },
      { type: 'WhitespaceSplit' },
      { type: 'Punctuation', behavior: 'Isolated' },
    ],
  }),
]);

const special = { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] }, '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] } };
const first = { SpecialToken: { id: '<s>', type_id: 0 } };
const last = { SpecialToken: { id: '</s>', type_id: 0 } };
const text = { Sequence: { id: 'A', type_id: 0 } };
const template = (single: readonly unknown[]): Part => ({
  type: 'TemplateProcessing',
  single,
  pair: [text, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: special,
});

/** Post-processors by name. */
export const POST_PROCESSORS: Readonly<Record<string, Part>> = {
  'Template around': template([first, text, last]),
  'Template before': template([first, text]),
  'Template after': template([text, last]),
  Bert: { type: 'BertProcessing', sep: ['</s>', 2], cls: ['<s>', 1] },
  Roberta: { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 1], trim_offsets: true, add_prefix_space: true },
  ByteLevel: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  Sequence: { type: 'Sequence', processors: [template([text, last]), template([first, text])] },
};

const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
const SPECIAL_TOKENS = SPECIAL.map((content, id) => ({ ...plain, id, content, special: true }));

const tokens = (name: string, ...added: readonly Part[]): readonly [string, readonly Part[]] => [name, added];

/** Flags of the added token `add`, and of others beside it, by name. */
export const ADDED_TOKENS: Readonly<Record<string, readonly Part[]>> = Object.fromEntries([
  ...['single_word', 'lstrip', 'rstrip', 'normalized', 'special'].map((flag) =>
    tokens(flag, { ...plain, id: 9000, content: 'add', [flag]: true }),
  ),
  tokens('all flags', {
    id: 9000,
    content: 'add',
    ...plain,
    single_word: true,
    lstrip: true,
    rstrip: true,
    normalized: true,
  }),
  tokens(
    'one inside another',
    { ...plain, id: 9000, content: 'add' },
    { ...plain, id: 9001, content: 'addy' },
    { ...plain, id: 9002, content: 'hello', normalized: true },
  ),
  tokens('spaces', { ...plain, id: 9000, content: '[ tag ]' }),
  tokens('white space alone', { ...plain, id: 9000, content: '  ' }),
]);

/** A whole tokenizer.json. */
export function definitionOf(parts: {
  model?: Part | undefined;
  normalizer?: Part | undefined;
  pre_tokenizer?: Part | undefined;
  post_processor?: Part | undefined;
  added?: readonly Part[];
  truncation?: Part;
  padding?: Part;
}): Part {
  const { added = [], ...rest } = parts;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: MODELS['BPE with bytes'],
    ...rest,
    added_tokens: [...SPECIAL_TOKENS, ...added],
  };
}
