import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import { z } from 'zod';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { foreignContent } from '@assay/core/model/foreign-content';
import { tokenizerErrors } from './errors.js';
import { correctWhiteSpace } from './white-space.js';

/** The part of the package that is used; its own declarations do not resolve under node's module rules. */
interface HuggingFaceTokenizer {
  encode(text: string): { ids: (number | undefined)[] };
  decode(ids: number[]): string;
  token_to_id(token: string): number | undefined;
  pre_tokenizer: unknown;
}
interface HuggingFace {
  Tokenizer: new (definition: object, config: object) => HuggingFaceTokenizer;
}
const { Tokenizer: HuggingFaceTokenizer } = huggingFace as unknown as HuggingFace;

/** The versions that encode: part of the digest. */
const { dependencies } = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(createRequire(import.meta.url)('../package.json'));

const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.looseObject({ eos_token: token, model_max_length: z.number().positive().optional() });
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int() })).default([]),
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int()) }),
});

/** Beyond this the library means that it knows no limit. */
const NO_LIMIT = 1e15;

/**
 * tokenizer.json and tokenizer_config.json of a folder. Special-token text becomes its id, as in the library.
 * @param name for the journal
 */
export async function tokenizerFolder(path: string, name = path): Promise<Tokenizer> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw tokenizerErrors.TOKENIZER_UNREADABLE({ path, reason }, cause);
  };
  const hash = createHash('sha256').update(JSON.stringify([dependencies, process.versions['unicode'] ?? '']));
  const read = async (name: string): Promise<unknown> => {
    let foreign: string | undefined;
    try {
      const content = await readFile(join(path, name));
      foreign = foreignContent(content);
      hash.update(`${content.length} `).update(content);
      return JSON.parse(content.toString('utf8'));
    } catch (error) {
      if (foreign !== undefined) return refuse(`${name} is ${foreign}`, error);
      return refuse(error instanceof Error ? error.message : String(error), error);
    }
  };
  const definition = tokenizerSchema.safeParse(await read('tokenizer.json'));
  if (!definition.success) return refuse('tokenizer.json has no vocabulary', definition.error);
  const config = configSchema.safeParse(await read('tokenizer_config.json'));
  if (!config.success) return refuse('tokenizer_config.json names no eos_token', config.error);
  return open(name, hash.digest('hex'), definition.data, config.data, refuse);
}

function open(
  name: string,
  digest: string,
  definition: z.infer<typeof tokenizerSchema>,
  config: z.infer<typeof configSchema>,
  refuse: (reason: string, cause?: unknown) => never,
): Tokenizer {
  const inner = construct(definition, config, refuse);
  const eosTokenId = inner.token_to_id(config.eos_token);
  if (eosTokenId === undefined) return refuse(`its eos_token ${config.eos_token} has no id`);
  const ids = [...Object.values(definition.model.vocab), ...definition.added_tokens.map(({ id }) => id)];
  const limit = config.model_max_length ?? Number.POSITIVE_INFINITY;
  return {
    name,
    digest,
    eosTokenId,
    vocabularySize: ids.reduce((highest, id) => Math.max(highest, id), -1) + 1,
    modelMaxLength: limit > NO_LIMIT ? Number.POSITIVE_INFINITY : limit,
    // A character that neither the vocabulary nor an unknown token covers leaves nothing, as in the library.
    encode: (text) => inner.encode(text.toWellFormed()).ids.filter((id) => id !== undefined),
    decode: (tokens) => (tokens.length > 0 ? inner.decode([...tokens]) : ''),
  };
}

function construct(
  definition: object,
  config: object,
  refuse: (reason: string, cause?: unknown) => never,
): HuggingFaceTokenizer {
  try {
    const tokenizer = new HuggingFaceTokenizer(definition, config);
    correctWhiteSpace(tokenizer.pre_tokenizer);
    return tokenizer;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
}
