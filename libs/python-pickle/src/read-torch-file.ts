import { Budget } from './budget.js';
import { Cursor } from './cursor.js';
import { pickleErrors } from './errors.js';
import { STANDARD_GLOBALS, type AllowedGlobals } from './globals.js';
import { readOne } from './read-one.js';
import { readStoredZip } from './stored-zip.js';
import { storageOf, torchGlobals } from './torch-globals.js';
import { readLegacyTorch } from './torch-legacy.js';
import { requireTree } from './tree.js';
import { ELEMENT_BYTES, type PyStorage, type PyValue } from './values.js';

const isZip = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'PK\u0003\u0004';

/**
 * A file of torch.save, in the archive format or the one before it. Tensors of float32 and float64 are read.
 *
 * @throws PICKLE_MALFORMED, PICKLE_GLOBAL_REFUSED, PICKLE_OPCODE_REFUSED, PICKLE_TOO_LARGE, TENSOR_MALFORMED
 */
export function readTorchFile(file: string, bytes: Uint8Array, globals: AllowedGlobals): PyValue {
  const budget = new Budget(file, bytes);
  const value = isZip(bytes) ? readArchive(bytes, budget, globals) : readLegacyTorch(bytes, budget, globals);
  requireTree(file, value);
  return value;
}

function readArchive(bytes: Uint8Array, budget: Budget, globals: AllowedGlobals): PyValue {
  const { file } = budget;
  const entries = readStoredZip(budget, bytes);
  const name = [...entries.keys()].find((one) => one.endsWith('/data.pkl'));
  const content = name === undefined ? undefined : entries.get(name);
  if (name === undefined || !content) throw new Cursor(file, bytes).malformed('the archive has no data.pkl');
  const folder = name.slice(0, -'data.pkl'.length);
  if ((entries.get(`${folder}byteorder`)?.toString() ?? 'little') !== 'little')
    throw pickleErrors.TENSOR_MALFORMED({ file, reason: 'its numbers are big-endian' });
  const persistent = (id: PyValue): PyStorage | undefined => {
    const named = storageOf(id);
    if (!named) return undefined;
    const { key, storage } = named;
    storage.bytes = entries.get(`${folder}data/${key}`);
    if (storage.bytes?.length !== storage.length * ELEMENT_BYTES[storage.type])
      throw pickleErrors.TENSOR_MALFORMED({ file, reason: 'a storage has another length than it states' });
    return storage;
  };
  const allowed = new Map([...STANDARD_GLOBALS, ...torchGlobals(budget), ...globals]);
  const cursor = new Cursor(file, content);
  const value = readOne({ cursor, budget, globals: allowed, persistent });
  if (!cursor.isAtEnd) throw cursor.malformed('something follows the end of the pickle');
  return value;
}
