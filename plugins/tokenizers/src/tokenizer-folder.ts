import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import type { Log } from '@assay/core/contracts/logger';
import { printable } from '@assay/core/errors/printable';
import { foreignContent } from '@assay/core/model/foreign-content';
import { Encoder, EncoderFailure } from './encoder.js';
import type { Definition } from './encoder-protocol.js';
import { tokenizerErrors } from './errors.js';
import {
  configSchema,
  definitionOf,
  deviationsOf,
  definitionSchema,
  maxLengthOf,
  refusalOf,
  type Refusal,
  type TokenizerFiles,
} from './tokenizer-files.js';

/** The version of the library is part of the digest. */
const { dependencies } = z
  .object({ dependencies: z.object({ tokenizers: z.string() }) })
  .parse(createRequire(import.meta.url)('../package.json'));

/** Of what the library says. */
const LONGEST_REASON = 300;

/** One process of the library serves all tokenizers of this process. */
const encoder = new Encoder();

/**
 * tokenizer.json and tokenizer_config.json of a folder, with the ids of tokenizer.json. The text of a special token
 * becomes its id, and a text is cut at the limit of the tokenizer.
 * @param name for the journal
 * @param warn gets each change that transformers would make to tokenizer.json, and that is not made here
 * @throws TOKENIZER_UNREADABLE, TOKENIZER_NOT_FOLLOWED, TOKENIZER_LIBRARY_MISSING
 */
export async function tokenizerFolder(
  path: string,
  name = path,
  warn: (reason: string) => void = () => undefined,
): Promise<Tokenizer> {
  const hash = createHash('sha256').update(JSON.stringify(dependencies));
  const json = await readText(path, 'tokenizer.json', hash);
  const file = parsed(definitionSchema, json, path, 'tokenizer.json');
  const config = parsed(
    configSchema,
    await readText(path, 'tokenizer_config.json', hash),
    path,
    'tokenizer_config.json',
  );
  const files = { file, config };
  const definition = definitionOf(files, { key: hash.digest('hex'), json });
  // The library refuses deep nesting, so it comes before everything here that looks into the files in depth.
  const ids = openedIds(path, definition, files);
  const refusal = refusalOf(files);
  if (refusal) throw notFollowed(path, refusal);
  for (const reason of deviationsOf(files)) warn(printable(reason, LONGEST_REASON));
  return {
    name,
    digest: definition.key,
    ...ids,
    modelMaxLength: maxLengthOf(files),
    ...coder(name, definition),
  };
}

/** Tells the operator what transformers would change in a tokenizer. */
export const warnOf =
  (log: Log, name: string) =>
  (reason: string): void => {
    log('warn', 'a tokenizer has the ids of its tokenizer.json, and transformers would give others', { name, reason });
  };

const notFollowed = (path: string, { reason, remedy }: Refusal): Error =>
  tokenizerErrors.TOKENIZER_NOT_FOLLOWED({ path, reason: printable(reason, LONGEST_REASON), remedy });

const unreadable = (path: string, reason: string, cause?: unknown): Error =>
  tokenizerErrors.TOKENIZER_UNREADABLE({ path, reason: printable(reason, LONGEST_REASON) }, cause);

async function readText(path: string, file: string, hash: Hash): Promise<string> {
  let content: Buffer | undefined;
  try {
    content = await readFile(join(path, file));
    hash.update(`${content.length} `).update(content);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw notTheFile(path, file, content, error);
  }
}

/** What is there in place of the file, where that is recognised; else what went wrong. */
function notTheFile(path: string, file: string, content: Buffer | undefined, error: unknown): Error {
  const foreign = content && foreignContent(content);
  return unreadable(path, foreign === undefined ? `${file}: ${reasonOf(error)}` : `${file} is ${foreign}`, error);
}

function parsed<T extends z.ZodType>(schema: T, text: string, path: string, file: string): z.infer<T> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw notTheFile(path, file, Buffer.from(text), error);
  }
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  if (where === 'model' || where === 'model.vocab') throw unreadable(path, `${file} has no vocabulary`, result.error);
  if (where === 'eos_token') throw unreadable(path, `${file} names no eos_token`, result.error);
  throw unreadable(path, `${where} of ${file}: ${issue?.message ?? 'it is no object'}`, result.error);
}

function openedIds(
  path: string,
  definition: Definition,
  { file }: TokenizerFiles,
): Pick<Tokenizer, 'eosTokenId' | 'vocabularySize'> {
  try {
    const { endTokenId, vocabularySize } = encoder.open(definition);
    if (endTokenId === undefined) throw unreadable(path, `its eos_token ${definition.endToken} has no id`);
    return { eosTokenId: endTokenId, vocabularySize };
  } catch (error) {
    if (!(error instanceof EncoderFailure)) throw error;
    if (error.kind === 'missing') throw missing(error);
    const what = error.kind === 'ended' ? 'crashed on' : 'refuses';
    throw unreadable(
      path,
      `the library ${what} it (model: ${file.model.type ?? 'of no type'}): ${error.message}`,
      error,
    );
  }
}

const missing = (error: Error): Error =>
  tokenizerErrors.TOKENIZER_LIBRARY_MISSING(
    { platform: `${process.platform} ${process.arch}`, reason: printable(error.message, LONGEST_REASON) },
    error,
  );

function coder(name: string, definition: Definition): Pick<Tokenizer, 'encode' | 'decode'> {
  const guarded = <T>(what: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof EncoderFailure)) throw error;
      const reason = printable(error.message, LONGEST_REASON);
      throw tokenizerErrors.TOKENIZER_FAILED({ name, what, reason }, error);
    }
  };
  return {
    encode: (text) =>
      guarded(`encode a text of ${text.length} characters`, () => encoder.encode(definition, text.toWellFormed())),
    decode: (ids) => (ids.length > 0 ? guarded(`decode ${ids.length} ids`, () => encoder.decode(definition, ids)) : ''),
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
