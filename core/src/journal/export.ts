import { z } from 'zod';
import type { JournalRecord, Json } from '../contracts/round-journal.js';
import { canonicalJson } from './canonical-json.js';
import { journalErrors } from './errors.js';
import { entryHash } from './hash.js';

export const EXPORT_FORMAT = 'assay-round';
export const EXPORT_VERSION = 1;

/** Characters of an exported round that are read; a round of 256 models with losses per sequence stays far below. */
export const EXPORT_LIMIT = 256 * 1024 * 1024;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** A round as it leaves the house. Big integers in `entry` are decimal strings. */
export const exportDocument = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  number: z.number().int().positive(),
  previousHash: hash,
  hash,
  /** ss58 address of the validator that signed. */
  hotkey: z.string().min(1).max(64).optional(),
  /** sr25519 over the 32 bytes of `hash`. */
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{128}$/, 'must be 0x and 128 lower-case hex digits')
    .optional(),
  // JSON.parse has made it; JSON is all that it can be.
  entry: z.custom<Json>((value) => value !== undefined, 'is missing'),
});
export type ExportDocument = z.infer<typeof exportDocument>;

/** Whether a signature over the bytes was made by the hotkey. Core knows no cryptography of chains; an adapter brings it. */
export type VerifySignature = (message: Uint8Array, signature: Uint8Array, hotkey: string) => Promise<boolean>;

/** The file that `validator journal export` writes: one line of canonical JSON. */
export function formatExport(record: JournalRecord, hotkey?: string): string {
  const { number, previousHash, hash: stated, signature, entry } = record;
  const signed = { ...(hotkey === undefined ? {} : { hotkey }), ...(signature === undefined ? {} : { signature }) };
  return `${canonicalJson({ format: EXPORT_FORMAT, version: EXPORT_VERSION, number, previousHash, hash: stated, ...signed, entry })}\n`;
}

/**
 * Reads an exported round and checks its hash. The hash says that the content is whole, the signature whose it is.
 *
 * @throws JOURNAL_EXPORT_TOO_LARGE, _MALFORMED, _VERSION or _TAMPERED
 */
export function parseExport(text: string): ExportDocument {
  if (text.length > EXPORT_LIMIT)
    throw journalErrors.JOURNAL_EXPORT_TOO_LARGE({ length: text.length, limit: EXPORT_LIMIT });
  const value = parseJson(text);
  const other = z.looseObject({ format: z.literal(EXPORT_FORMAT), version: z.number() }).safeParse(value);
  if (other.success && other.data.version !== EXPORT_VERSION) {
    throw journalErrors.JOURNAL_EXPORT_VERSION({ version: other.data.version, known: EXPORT_VERSION });
  }
  const parsed = exportDocument.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join('.') || 'document'}: ${message}`);
    throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues });
  }
  const { number, previousHash, hash: stated, entry } = parsed.data;
  const computed = contentHash(previousHash, entry);
  if (computed !== stated) throw journalErrors.JOURNAL_EXPORT_TAMPERED({ number, stated, computed });
  return parsed.data;
}

/**
 * Whether the export names a hotkey and carries its signature: `unsigned` when one of both is missing.
 *
 * @throws JOURNAL_EXPORT_SIGNATURE when the signature is not that hotkey's
 */
export async function checkExportSignature(
  document: ExportDocument,
  verify: VerifySignature,
): Promise<'signed' | 'unsigned'> {
  const { number, hash: stated, hotkey, signature } = document;
  if (hotkey === undefined || signature === undefined) return 'unsigned';
  const genuine = await verify(Buffer.from(stated, 'hex'), Buffer.from(signature.slice(2), 'hex'), hotkey);
  if (!genuine) throw journalErrors.JOURNAL_EXPORT_SIGNATURE({ number, hotkey });
  return 'signed';
}

/** Numbers beyond double range and half surrogate pairs pass JSON.parse, yet no export of ours holds them. */
function contentHash(previousHash: string, entry: Json): string {
  try {
    return entryHash(previousHash, entry);
  } catch (error) {
    throw journalErrors.JOURNAL_EXPORT_MALFORMED(
      { issues: ['entry: holds a value that has no canonical form'] },
      error,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues: ['it is not JSON'] }, error);
  }
}
