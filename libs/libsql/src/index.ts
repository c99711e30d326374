import { z } from 'zod';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A column of bytes. */
export const bytes = z
  .union([z.instanceof(ArrayBuffer), z.instanceof(Uint8Array)])
  .transform((value) => Buffer.from(value instanceof ArrayBuffer ? new Uint8Array(value) : value));

/**
 * A column of text. It is read as bytes (`CAST(column AS BLOB)`) and decoded here: the database driver ends the process when
 * a text column holds bytes that are not UTF-8.
 */
export const text = bytes.transform((value, context) => {
  try {
    return decoder.decode(value);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not UTF-8' });
    return z.NEVER;
  }
});

/** The columns of a query, those of text as bytes. */
export const columns = (names: { text: readonly string[]; other?: readonly string[] }): string =>
  [...names.text.map((name) => `CAST(${name} AS BLOB) AS ${name}`), ...(names.other ?? [])].join(', ');
