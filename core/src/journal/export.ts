import { z } from 'zod';
import { RECORD_TYPES, type JournalRecord, type Json } from '../contracts/round-journal.js';
import { canonicalJson } from './canonical-json.js';
import { journalErrors } from './errors.js';
import { digestOf, entryHash, partDigest, typeOfEntry } from './hash.js';
import { isSplit, namedBy, type Contents } from './stored-entry.js';

export const EXPORT_FORMAT = 'assay-round';
/** 1: a record of version 0.1, which holds everything itself. 2: a record with the contents that it names. */
export const EXPORT_VERSIONS = [1, 2] as const;

/** Characters of an exported record that are read; a round of 256 models with losses per sequence stays far below. */
export const EXPORT_LIMIT = 256 * 1024 * 1024;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
// JSON.parse has made it; JSON is all that it can be.
const json = z.custom<Json>((value) => value !== undefined, 'is missing');

const members = {
  format: z.literal(EXPORT_FORMAT),
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
  entry: json,
};

/** A record as it leaves the house. Big integers in `entry` are decimal strings. */
export const exportDocument = z.discriminatedUnion('version', [
  z.strictObject({ ...members, version: z.literal(1) }),
  z.strictObject({
    ...members,
    version: z.literal(2),
    type: z.enum(RECORD_TYPES),
    position: z.number().int().positive(),
    /** By digest. */
    parts: z.record(hash, json),
    /** By digest, as base64; those that were left out or dropped are not here. */
    attachments: z.record(hash, z.base64()),
  }),
]);
export type ExportDocument = z.infer<typeof exportDocument>;

/** Whether a signature over the bytes was made by the hotkey. Core knows no cryptography of chains; an adapter brings it. */
export type VerifySignature = (message: Uint8Array, signature: Uint8Array, hotkey: string) => Promise<boolean>;

/**
 * The file that `validator journal export` writes: one line of canonical JSON.
 * @param contents where the contents are that the entry names
 * @param attachments `left-out` makes a small file, with which a replay can't check everything
 */
export function formatExport(
  record: JournalRecord,
  hotkey: string | undefined,
  contents: Contents,
  attachments: 'included' | 'left-out' = 'included',
): string {
  const { type, number, position, previousHash, hash: stated, signature, entry } = record;
  const signed = { ...(hotkey === undefined ? {} : { hotkey }), ...(signature === undefined ? {} : { signature }) };
  const common = { format: EXPORT_FORMAT, number, previousHash, hash: stated, ...signed, entry };
  if (!isSplit(entry)) return `${canonicalJson({ ...common, version: 1 })}\n`;
  const named = namedBy(entry);
  const parts = Object.fromEntries(named.parts.map((digest) => [digest, requirePart(digest, contents)]));
  const kept = (attachments === 'included' ? named.attachments : []).flatMap((digest): [string, string][] => {
    const content = contents.attachment(digest);
    return content === undefined ? [] : [[digest, Buffer.from(content).toString('base64')]];
  });
  return `${canonicalJson({ ...common, version: 2, type, position, parts, attachments: Object.fromEntries(kept) })}\n`;
}

/**
 * Reads an exported record and checks its hash and the digests of its contents. They say that the file is whole, the
 * signature whose it is.
 *
 * @throws JOURNAL_EXPORT_TOO_LARGE, _MALFORMED, _VERSION or _TAMPERED
 */
export function parseExport(text: string): ExportDocument {
  if (text.length > EXPORT_LIMIT)
    throw journalErrors.JOURNAL_EXPORT_TOO_LARGE({ length: text.length, limit: EXPORT_LIMIT });
  const value = parseJson(text);
  const other = z.looseObject({ format: z.literal(EXPORT_FORMAT), version: z.number() }).safeParse(value);
  if (other.success && !EXPORT_VERSIONS.some((version) => version === other.data.version)) {
    throw journalErrors.JOURNAL_EXPORT_VERSION({ version: other.data.version, known: Math.max(...EXPORT_VERSIONS) });
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
  if (parsed.data.version === 2) requireDigests(parsed.data);
  return parsed.data;
}

/** The contents that an export brings along. */
export function contentsOf(document: ExportDocument): Contents {
  const { parts, attachments } = document.version === 2 ? document : { parts: {}, attachments: {} };
  const [byPart, byAttachment] = [new Map(Object.entries(parts)), new Map(Object.entries(attachments))];
  return {
    part: (digest) => byPart.get(digest),
    attachment: (digest) => {
      const text = byAttachment.get(digest);
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
  };
}

/** @throws JOURNAL_EXPORT_TAMPERED */
function requireDigests({ number, parts, attachments, type, entry }: ExportDocument & { version: 2 }): void {
  if (type !== typeOfEntry(entry))
    throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues: ["type: is not the entry's"] });
  const computed = [
    ...Object.entries(parts).map(([stated, value]) => ({ stated, computed: partDigest(value) })),
    ...Object.entries(attachments).map(([stated, text]) => ({
      stated,
      computed: digestOf(Buffer.from(text, 'base64')),
    })),
  ];
  const wrong = computed.find((one) => one.stated !== one.computed);
  if (wrong) throw journalErrors.JOURNAL_EXPORT_TAMPERED({ number, ...wrong });
}

function requirePart(digest: string, contents: Contents): Json {
  const value = contents.part(digest);
  if (value === undefined) throw journalErrors.JOURNAL_PART_MISSING({ digest });
  return value;
}

/**
 * Whether the export names a hotkey and carries its signature: `unsigned` when one of both is missing.
 *
 * @throws JOURNAL_EXPORT_SIGNATURE when the signature is not that hotkey's
 */
export async function checkExportSignature(
  document: { number: number; hash: string; hotkey?: string | undefined; signature?: string | undefined },
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
