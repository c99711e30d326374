import { z } from 'zod';

/**
 * Text columns are read as bytes (`CAST(column AS BLOB)`) and decoded here: the database driver ends the process when a
 * text column holds bytes that are not UTF-8.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const bytes = z
  .union([z.instanceof(ArrayBuffer), z.instanceof(Uint8Array)])
  .transform((value) => Buffer.from(value instanceof ArrayBuffer ? new Uint8Array(value) : value));

export const text = bytes.transform((value, context) => {
  try {
    return decoder.decode(value);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not UTF-8' });
    return z.NEVER;
  }
});
