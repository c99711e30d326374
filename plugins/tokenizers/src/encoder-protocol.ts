import { z } from 'zod';

const ids = z.instanceof(Uint32Array);

/** A token beside the model's own, with the library's names for how it is matched. */
const addedToken = z.object({
  content: z.string(),
  special: z.boolean(),
  single_word: z.boolean(),
  lstrip: z.boolean(),
  rstrip: z.boolean(),
  normalized: z.boolean(),
});
export type AddedToken = z.infer<typeof addedToken>;

/** Everything that decides how a text is encoded. */
const definition = z.object({
  /** Two definitions with one key are equal. */
  key: z.string(),
  /** The text of tokenizer.json. */
  json: z.string(),
  /** Tokens that the library adds after tokenizer.json is read, in this order. */
  added: z.array(addedToken),
  /** Contents of the tokens, of the file and added, that are looked for in the normalized text. */
  normalized: z.array(z.string()),
  /** The cut of a text in ids, special tokens included. Without it nothing is cut. */
  truncation: z.object({ maxLength: z.number(), side: z.enum(['left', 'right']) }).optional(),
  endToken: z.string(),
});
export type Definition = z.infer<typeof definition>;

export const requestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), definition }),
  z.object({ kind: z.literal('encode'), key: z.string(), text: z.string() }),
  z.object({ kind: z.literal('decode'), key: z.string(), ids }),
]);
export type EncoderRequest = z.infer<typeof requestSchema>;

export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('opened'), vocabularySize: z.number(), endTokenId: z.number().optional() }),
  z.object({ kind: z.literal('ids'), ids }),
  z.object({ kind: z.literal('text'), text: z.string() }),
  /** The library refuses, and goes on. */
  z.object({ kind: z.literal('refused'), reason: z.string() }),
  /** The library's process ended or was ended. The next request starts another, which knows no tokenizer. */
  z.object({ kind: z.literal('ended'), reason: z.string() }),
  /** The library has no binary for this platform. */
  z.object({ kind: z.literal('missing'), reason: z.string() }),
]);
export type EncoderAnswer = z.infer<typeof answerSchema>;

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
