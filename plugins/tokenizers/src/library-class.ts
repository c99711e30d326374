import { z } from 'zod';

/** The parts of tokenizer.json that a class of the library changes. Everything else in it is the encoder's business. */
export const definitionSchema = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        content: z.string(),
        special: z.boolean().default(false),
        single_word: z.boolean().default(false),
        lstrip: z.boolean().default(false),
        rstrip: z.boolean().default(false),
        normalized: z.boolean().default(false),
      }),
    )
    .default([]),
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
  truncation: z.looseObject({ direction: z.string().optional() }).nullish(),
  model: z.looseObject({
    type: z.string().optional(),
    /** Ids by piece, or for Unigram a list of pieces with their scores. The encoder looks into it. */
    vocab: z.custom<object>((given) => typeof given === 'object' && given !== null),
    dropout: z.number().nullish(),
  }),
});
export type TokenizerJson = z.infer<typeof definitionSchema>;

const flag = z.boolean().nullish();

/** The settings of tokenizer_config.json that a class of the library reads. */
export const classSettings = z.looseObject({
  tokenizer_class: z.string().nullish(),
  add_prefix_space: flag,
  add_bos_token: flag,
  add_eos_token: flag,
  do_lower_case: flag,
  strip_accents: flag,
  tokenize_chinese_chars: flag,
  from_slow: flag,
  split_special_tokens: flag,
  fast_tokenizer_files: z.array(z.string()).nullish(),
});
type ClassSettings = z.infer<typeof classSettings>;

type SpecialTokens = Readonly<Record<string, string>>;
/** Says what a class changes in the tokenizer of the file, or undefined where it changes nothing. */
type Check = (file: TokenizerJson, settings: ClassSettings, tokens: SpecialTokens) => string | undefined;

/** A class of the library, transformers 4.44.1. */
export interface LibraryClass {
  /** The special tokens that it has where tokenizer_config.json names none. */
  readonly tokens: SpecialTokens;
  readonly additional?: readonly string[];
  readonly checks: readonly Check[];
}

/** The class that changes nothing. */
export const NO_CLASS: LibraryClass = { tokens: {}, checks: [] };
const PLAIN = 'PreTrainedTokenizer';
const END_OF_TEXT = { unk_token: '<|endoftext|>', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' };
const SENTENCE = { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' };
const ENCODER = { ...SENTENCE, sep_token: '</s>', cls_token: '<s>', pad_token: '<pad>', mask_token: '<mask>' };
const BERT = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};
/** T5's own tokens for gaps in a text. */
const GAPS = Array.from({ length: 100 }, (_none, index) => `<extra_id_${index}>`);

/** By the name of the class without `Fast` at its end. */
const CLASSES: Readonly<Record<string, LibraryClass>> = {
  [PLAIN]: NO_CLASS,
  GPT2Tokenizer: { tokens: END_OF_TEXT, checks: [setsPrefixSpace] },
  CodeGenTokenizer: { tokens: END_OF_TEXT, checks: [setsPrefixSpace, refusesFirstToken] },
  GPTNeoXTokenizer: { tokens: END_OF_TEXT, checks: [setsPrefixSpace, setsTemplate({ first: false })] },
  Qwen2Tokenizer: {
    tokens: { unk_token: '<|endoftext|>', eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
    checks: [],
  },
  LlamaTokenizer: { tokens: SENTENCE, checks: [rebuilds, setsTemplate({ first: true })] },
  GemmaTokenizer: {
    tokens: { unk_token: '<unk>', bos_token: '<bos>', eos_token: '<eos>', pad_token: '<pad>' },
    checks: [setsTemplate({ first: true })],
  },
  CohereTokenizer: {
    tokens: { unk_token: '<UNK>', bos_token: '<BOS_TOKEN>', eos_token: '<|END_OF_TURN_TOKEN|>' },
    checks: [addsPrefixSpace, setsTemplate({ first: true })],
  },
  BloomTokenizer: { tokens: { ...SENTENCE, pad_token: '<pad>' }, checks: [addsPrefixSpace] },
  BartTokenizer: { tokens: ENCODER, checks: [setsPrefixSpace] },
  RobertaTokenizer: { tokens: ENCODER, checks: [setsPrefixSpace] },
  BertTokenizer: { tokens: BERT, checks: [setsNormalizer] },
  DistilBertTokenizer: { tokens: BERT, checks: [setsNormalizer] },
  ElectraTokenizer: { tokens: BERT, checks: [setsNormalizer] },
  T5Tokenizer: {
    tokens: { eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' },
    additional: GAPS,
    checks: [rebuilds],
  },
};

/** The class that tokenizer_config.json names, or undefined where it is not known here. */
export function libraryClass({ tokenizer_class }: ClassSettings): LibraryClass | undefined {
  const name = (tokenizer_class ?? PLAIN).replace(/Fast$/, '');
  return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
}

const prefixSpace = z.looseObject({ add_prefix_space: z.boolean() });

function setsPrefixSpace({ pre_tokenizer }: TokenizerJson, settings: ClassSettings): string | undefined {
  const own = prefixSpace.safeParse(pre_tokenizer);
  const wanted = settings.add_prefix_space ?? false;
  if (!own.success || own.data.add_prefix_space === wanted) return undefined;
  return `sets add_prefix_space of the pre-tokenizer to ${wanted}, and tokenizer.json has ${own.data.add_prefix_space}`;
}

function addsPrefixSpace({ pre_tokenizer }: TokenizerJson, settings: ClassSettings): string | undefined {
  if (settings.add_prefix_space !== true || !JSON.stringify(pre_tokenizer).includes('"add_prefix_space":false'))
    return undefined;
  return 'sets add_prefix_space of the pre-tokenizer to true, and tokenizer.json has false';
}

function refusesFirstToken(_file: TokenizerJson, settings: ClassSettings): string | undefined {
  return settings.add_bos_token === true ? 'does not load with add_bos_token: true' : undefined;
}

function rebuilds(_file: TokenizerJson, settings: ClassSettings): string | undefined {
  if (settings.add_prefix_space === undefined || settings.add_prefix_space === null) return undefined;
  return 'makes the tokenizer from tokenizer.model where add_prefix_space is set';
}

const normalizerSettings = z.looseObject({
  lowercase: z.boolean().optional(),
  strip_accents: z.boolean().nullish(),
  handle_chinese_chars: z.boolean().optional(),
});

function setsNormalizer({ normalizer }: TokenizerJson, settings: ClassSettings): string | undefined {
  const own = normalizerSettings.safeParse(normalizer);
  if (!own.success) return undefined;
  const wanted = {
    lowercase: settings.do_lower_case ?? true,
    strip_accents: settings.strip_accents ?? null,
    handle_chinese_chars: settings.tokenize_chinese_chars ?? true,
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(own.data, name)) continue;
    const has: unknown = Reflect.get(own.data, name);
    if (has !== value) return `sets ${name} of the normalizer to ${value}, and tokenizer.json has ${String(has)}`;
  }
  return undefined;
}

/** Tokens that a post-processor puts before and after a text. */
interface Template {
  before: readonly string[];
  after: readonly string[];
}

/** @param first whether the class begins a text with the bos token where add_bos_token is not set */
function setsTemplate({ first }: { first: boolean }): Check {
  return ({ post_processor }, settings, tokens) => {
    const wanted: Template = {
      before: (settings.add_bos_token ?? first) ? [tokens['bos_token'] ?? 'no bos_token'] : [],
      after: settings.add_eos_token ? [tokens['eos_token'] ?? 'no eos_token'] : [],
    };
    const own = templateOf(post_processor);
    if (own && shown(own) === shown(wanted)) return undefined;
    return `makes of a text ${shown(wanted)}, and tokenizer.json ${own ? shown(own) : 'something else'}`;
  };
}

const shown = ({ before, after }: Template): string => [...before, 'TEXT', ...after].join(' ');

const pair = z.tuple([z.string(), z.number()]);
const postProcessor = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('ByteLevel') }),
  z.looseObject({ type: z.enum(['BertProcessing', 'RobertaProcessing']), sep: pair, cls: pair }),
  z.looseObject({
    type: z.literal('TemplateProcessing'),
    single: z.array(z.record(z.string(), z.looseObject({ id: z.string() }))),
  }),
  z.looseObject({ type: z.literal('Sequence'), processors: z.array(z.unknown()) }),
]);

function templateOf(given: unknown): Template | undefined {
  if (given === null || given === undefined) return { before: [], after: [] };
  const parsed = postProcessor.safeParse(given);
  if (!parsed.success) return undefined;
  const own = parsed.data;
  if (own.type === 'ByteLevel') return { before: [], after: [] };
  if (own.type === 'Sequence') return sequenceOf(own.processors.map(templateOf));
  if (own.type !== 'TemplateProcessing') return { before: [own.cls[0]], after: [own.sep[0]] };
  const at = own.single.findIndex((piece) => 'Sequence' in piece);
  const names = own.single.map((piece) => piece['SpecialToken']?.id);
  const known = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
  return at < 0 ? undefined : { before: names.slice(0, at).flatMap(known), after: names.slice(at + 1).flatMap(known) };
}

/** Each one takes what the one before it made. */
function sequenceOf(templates: readonly (Template | undefined)[]): Template | undefined {
  return templates.reduce<Template | undefined>(
    (inner, outer) =>
      inner && outer && { before: [...outer.before, ...inner.before], after: [...inner.after, ...outer.after] },
    { before: [], after: [] },
  );
}
