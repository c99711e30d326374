import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import iconv from 'iconv-lite';

const unpack = promisify(gunzip);
/** Unpacked; a gzip of a kilobyte may claim to hold a gigabyte. */
const MAX_BYTES = 64 * 1024 * 1024;
const UNICODE = /^(utf-?8|utf-?16(le|be)?|utf-?32(le|be)?|utf-?7|gb-?18030)$/i;

/**
 * A stored blob as text: gunzipped, then decoded as Python's `bytes.decode(encoding)` does, strictly.
 * @throws Error that says in words why not
 */
export async function sourceText(blob: Buffer, encoding: string): Promise<string> {
  return decoded(await unpacked(blob), encoding);
}

async function unpacked(blob: Buffer): Promise<Buffer> {
  try {
    return await unpack(blob, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new Error(`its content is no whole gzip (${error instanceof Error ? error.message : String(error)})`);
  }
}

export function decoded(bytes: Buffer, encoding: string): string {
  const name = encoding.toLowerCase().replaceAll('_', '-');
  const text = name === 'utf-8' || name === 'utf8' ? utf8(bytes) : other(bytes, name);
  if (text === undefined) throw new Error(`its content is no ${printable(encoding)}`);
  return text;
}

/** A byte order mark stays, as in Python. */
function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function other(bytes: Buffer, name: string): string | undefined {
  if (name === 'ascii' || name === 'us-ascii') return bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : undefined;
  if (!iconv.encodingExists(name)) return byWebName(bytes, name);
  const text = asPython(iconv.decode(bytes, name, { stripBOM: /^utf-?(16|32)$/.test(name) }), name);
  if (!text.includes('\uFFFD')) return text;
  // The mark of what could not be decoded; only an encoding of Unicode can also have meant it.
  return UNICODE.test(name) && iconv.encode(text, name).equals(bytes) ? text : undefined;
}

/** Characters for which Python's tables and the library's, which are those of Windows, name different code points. */
const JAPANESE = new Map([['～', '〜'], ['∥', '‖'], ['－', '−'], ['￠', '¢'], ['￡', '£'], ['￢', '¬']]);
const DIFFERENT = new Map<string, ReadonlyMap<string, string>>([
  ['shift-jis', JAPANESE],
  ['sjis', JAPANESE],
  ['euc-jp', JAPANESE],
  ['gb2312', new Map([['·', '・'], ['—', '―']])],
]);

function asPython(text: string, name: string): string {
  const different = DIFFERENT.get(name);
  return different ? text.replace(/[～∥－￠￡￢·—]/g, (character) => different.get(character) ?? character) : text;
}

/** Encodings that browsers know and the library does not, e.g. iso-2022-jp. */
function byWebName(bytes: Buffer, name: string): string | undefined {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  } catch {
    throw new Error(`its encoding is ${printable(name)}, which nobody here knows`);
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const printable = (name: string): string => name.replace(/[^\w.:-]/g, '?').slice(0, 40);
