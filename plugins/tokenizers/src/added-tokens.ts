import { z } from 'zod';
import type { AddedToken } from './encoder-protocol.js';
import type { LibraryClass, TokenizerJson } from './library-class.js';

const flags = z.looseObject({
  content: z.string(),
  special: z.boolean().optional(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
});
type Flags = z.infer<typeof flags>;
const token = z.union([z.string(), flags]);
type Token = z.infer<typeof token>;

/** The tokens that tokenizer_config.json names. */
export const configTokens = z.looseObject({
  eos_token: token,
  bos_token: token.nullish(),
  unk_token: token.nullish(),
  sep_token: token.nullish(),
  pad_token: token.nullish(),
  cls_token: token.nullish(),
  mask_token: token.nullish(),
  additional_special_tokens: z.array(token).nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), flags).nullish(),
});
type ConfigTokens = z.infer<typeof configTokens>;

/** In the order in which the library adds them. */
const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;

export const contentOf = (given: Token): string => (typeof given === 'string' ? given : given.content);

/** The special tokens of a tokenizer by name: those of the config, and those that its class has otherwise. */
export function specialTokens(config: ConfigTokens, { tokens }: LibraryClass): Record<string, string> {
  const named = NAMES.flatMap((name) => {
    const given = namedToken(config, name, tokens);
    return given === undefined ? [] : [[name, contentOf(given)] as const];
  });
  return Object.fromEntries(named);
}

/** A token that is null in the config is none; one that the config leaves out is the class's. */
function namedToken(
  config: ConfigTokens,
  name: (typeof NAMES)[number],
  tokens: Readonly<Record<string, string>>,
): Token | undefined {
  const given = config[name];
  return given === undefined ? tokens[name] : (given ?? undefined);
}

interface Addition {
  /** Tokens that the library adds to those of tokenizer.json. */
  added: AddedToken[];
  /** Tokens that both files describe, and differently: the library would go by tokenizer_config.json. */
  contradictions: string[];
}

/**
 * What the library does with the tokens of tokenizer_config.json: those of added_tokens_decoder and the special ones
 * that tokenizer.json does not add are added now, and get a new id where the model has none for them.
 */
export function addition(file: TokenizerJson, config: ConfigTokens, own: LibraryClass): Addition {
  const special = [
    ...NAMES.flatMap((name) => namedToken(config, name, own.tokens) ?? []),
    ...(config.additional_special_tokens ?? own.additional ?? []),
  ];
  const specialContents = new Set(special.map(contentOf));
  const known = new Map<string, AddedToken>(file.added_tokens.map((added) => [added.content, added]));
  const decoder = Object.entries(config.added_tokens_decoder ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const described = new Set(decoder.map(([, { content }]) => content));
  const added: AddedToken[] = [];
  const contradictions: string[] = [];
  for (const given of [...decoder.map(([, each]) => each), ...special]) {
    const content = contentOf(given);
    const before = known.get(content);
    if (before === undefined) {
      const made = complete(given, specialContents.has(content));
      known.set(content, made);
      if (content !== '') added.push(made);
    } else if (typeof given !== 'string' && isOverridden(given, decoder.length > 0, described)) {
      if (differ(before, complete(given, specialContents.has(content)))) contradictions.push(content);
    }
  }
  return { added, contradictions };
}

/**
 * The library takes a special token's description from added_tokens_decoder, or without one from tokenizer.json, and
 * only where neither has the token from the special token itself.
 */
function isOverridden(given: Flags, hasDecoder: boolean, described: ReadonlySet<string>): boolean {
  return hasDecoder && (described.has(given.content) || given['__type'] === 'AddedToken');
}

function complete(given: Token, isSpecial: boolean): AddedToken {
  const { content, ...own } = typeof given === 'string' ? flags.parse({ content: given }) : given;
  const special = own.special ?? false;
  return {
    content,
    special: special || isSpecial,
    single_word: own.single_word,
    lstrip: own.lstrip,
    rstrip: own.rstrip,
    normalized: own.normalized ?? !(special || isSpecial),
  };
}

const FLAGS = ['special', 'single_word', 'lstrip', 'rstrip', 'normalized'] as const;
const differ = (one: AddedToken, other: AddedToken): boolean => FLAGS.some((name) => one[name] !== other[name]);
