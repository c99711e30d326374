import { crc32 } from 'node:zlib';
import type { Budget } from './budget.js';
import { Cursor } from './cursor.js';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const STORED = 0;

const sliceFrom = (file: string, bytes: Uint8Array, offset: number): Cursor => new Cursor(file, bytes.subarray(offset));

/** Where the directory is: at the end, behind at most a comment. */
function directoryOf(file: string, bytes: Uint8Array): { offset: number; entries: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lowest = Math.max(0, bytes.length - END_BYTES - LONGEST_COMMENT);
  for (let at = bytes.length - END_BYTES; at >= lowest; at -= 1)
    if (buffer.readUInt32LE(at) === END)
      return { entries: buffer.readUInt16LE(at + 10), offset: buffer.readUInt32LE(at + 16) };
  throw new Cursor(file, bytes).malformed('the archive has no directory');
}

/**
 * The files of a zip archive that compresses nothing, as torch.save writes it, by name.
 * @throws PICKLE_MALFORMED for anything else
 */
export function readStoredZip(budget: Budget, bytes: Uint8Array): Map<string, Buffer> {
  const { file } = budget;
  const { offset, entries } = directoryOf(file, bytes);
  const directory = sliceFrom(file, bytes, offset);
  const files = new Map<string, Buffer>();
  for (let entry = 0; entry < entries; entry += 1) {
    const { name, content } = readEntry(budget, bytes, directory);
    files.set(name, content);
  }
  return files;
}

function readEntry(budget: Budget, bytes: Uint8Array, directory: Cursor): { name: string; content: Buffer } {
  if (directory.uint32() !== ENTRY) throw directory.malformed('an entry of the archive is malformed');
  directory.take(6);
  const method = directory.uint16();
  directory.take(4);
  const [checksum, packed, size] = [directory.uint32(), directory.uint32(), directory.uint32()];
  const [nameLength, extraLength, commentLength] = [directory.uint16(), directory.uint16(), directory.uint16()];
  directory.take(8);
  const local = directory.uint32();
  const name = directory.text(nameLength);
  directory.take(extraLength + commentLength);
  if (method !== STORED || packed !== size) throw directory.malformed('an entry of the archive is compressed');
  // Several entries may name one place.
  budget.copies(size);
  const content = contentAt(sliceFrom(budget.file, bytes, local), size);
  if (crc32(content) !== checksum) throw directory.malformed('the checksum of an entry of the archive is wrong');
  return { name, content };
}

function contentAt(local: Cursor, size: number): Buffer {
  if (local.uint32() !== LOCAL) throw local.malformed('an entry of the archive is not where it should be');
  local.take(22);
  const [nameLength, extraLength] = [local.uint16(), local.uint16()];
  local.take(nameLength + extraLength);
  return local.take(size);
}
