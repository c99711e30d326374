import { z } from 'zod';
import { addition, configTokens, contentOf, specialTokens } from './added-tokens.js';
import type { Definition } from './encoder-protocol.js';
import { classSettings, definitionSchema, libraryClass, NO_CLASS } from './library-class.js';

const limit = z.number().positive().optional();

export { definitionSchema };
export const configSchema = z.looseObject({
  ...configTokens.shape,
  ...classSettings.shape,
  model_max_length: limit,
  max_len: limit,
  truncation_side: z.enum(['left', 'right']).optional(),
});

/** tokenizer.json and tokenizer_config.json, parsed. */
export interface TokenizerFiles {
  file: z.infer<typeof definitionSchema>;
  config: z.infer<typeof configSchema>;
}

/** Why a tokenizer is not loaded, and what to do. */
export interface Refusal {
  reason: string;
  remedy: string;
}

/** Beyond this the library means that it knows no limit. */
const NO_LIMIT = 1e15;
/** No text has as many ids, and the encoder counts no further. */
const MAX_CUT = 2 ** 32;

/** Ids after which the library cuts a text; Infinity where it sets no limit. */
export function maxLengthOf({ config }: TokenizerFiles): number {
  const given = config.model_max_length ?? config.max_len ?? Number.POSITIVE_INFINITY;
  return given > NO_LIMIT ? Number.POSITIVE_INFINITY : given;
}

/** What the encoder needs to know of both files. */
export function definitionOf(files: TokenizerFiles, { key, json }: Pick<Definition, 'key' | 'json'>): Definition {
  const { file, config } = files;
  const { added } = addition(file, config, libraryClass(config) ?? NO_CLASS);
  const maxLength = maxLengthOf(files);
  const side = config.truncation_side ?? (file.truncation?.direction === 'Left' ? 'left' : 'right');
  const truncation = maxLength < MAX_CUT ? { maxLength, side } : undefined;
  const normalized = [...file.added_tokens, ...added].filter((each) => each.normalized);
  const contents = [...new Set(normalized.map(({ content }) => content))];
  return { key, json, added, normalized: contents, truncation, endToken: contentOf(config.eos_token) };
}

/**
 * What transformers would change in tokenizer.json when it loads the folder by its class. The ids here are those of
 * tokenizer.json; each change is worth a warning, since a program on transformers would have other ones.
 */
export function deviationsOf({ file, config }: TokenizerFiles): string[] {
  const own = libraryClass(config);
  const { contradictions } = addition(file, config, own ?? NO_CLASS);
  const described = contradictions.map((content) => `both files describe the added token ${content}, and differently`);
  if (!own) return [`what its class ${config.tokenizer_class} makes of tokenizer.json is not known here`, ...described];
  const tokens = specialTokens(config, own);
  const changes = own.checks.flatMap((check) => check(file, config, tokens) ?? []);
  return [...changes.map((change) => `its class ${config.tokenizer_class} ${change}`), ...described];
}

/** Everything else by which the library gives other ids than the encoder would, or random ones. */
export function refusalOf(files: TokenizerFiles): Refusal | undefined {
  const { file } = files;
  const maxLength = maxLengthOf(files);
  if (!Number.isInteger(maxLength) && maxLength !== Number.POSITIVE_INFINITY)
    return { reason: `model_max_length is ${maxLength}.`, remedy: 'Set model_max_length to an integer.' };
  if (file.model.dropout)
    return {
      reason: `its model leaves out merges at random (dropout ${file.model.dropout}).`,
      remedy: 'Set dropout to null in tokenizer.json.',
    };
  return otherFiles(files);
}

function otherFiles({ config }: TokenizerFiles): Refusal | undefined {
  const remedyOf = (name: string): string => `Remove ${name} from tokenizer_config.json.`;
  if (config.from_slow)
    return { reason: 'from_slow makes the tokenizer from other files.', remedy: remedyOf('from_slow') };
  if (config.fast_tokenizer_files?.some((each) => each !== 'tokenizer.json'))
    return {
      reason: 'fast_tokenizer_files names other files.',
      remedy: remedyOf('fast_tokenizer_files'),
    };
  if (config.split_special_tokens)
    return {
      reason: 'split_special_tokens makes several ids of the text of a special token.',
      remedy: remedyOf('split_special_tokens'),
    };
  return undefined;
}
