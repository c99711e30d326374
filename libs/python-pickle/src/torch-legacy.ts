import type { Budget } from './budget.js';
import { Cursor } from './cursor.js';
import { pickleErrors } from './errors.js';
import { STANDARD_GLOBALS, type AllowedGlobals } from './globals.js';
import { readOne } from './read-one.js';
import { storageOf, torchGlobals } from './torch-globals.js';
import { ELEMENT_BYTES, type PyStorage, type PyValue } from './values.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001n;

/**
 * The format of torch.save before 1.6, which a storage inside a plain pickle has too: magic number, version, facts of the
 * machine, the value, the keys of its storages, and each storage as its length and its elements.
 */
export function readLegacyTorch(bytes: Uint8Array, budget: Budget, globals: AllowedGlobals): PyValue {
  const cursor = new Cursor(budget.file, bytes);
  const plain = { cursor, budget, globals: STANDARD_GLOBALS };
  if (readOne(plain) !== MAGIC) throw cursor.malformed('it is no file of torch.save');
  if (readOne(plain) !== VERSION) throw cursor.malformed('it is of an unknown version of torch.save');
  readOne(plain);
  const storages = new Map<string, PyStorage>();
  const persistent = (id: PyValue): PyStorage | undefined => {
    const named = storageOf(id);
    if (!named) return undefined;
    const storage = storages.get(named.key) ?? named.storage;
    storages.set(named.key, storage);
    return storage;
  };
  const allowed = new Map([...STANDARD_GLOBALS, ...torchGlobals(budget), ...globals]);
  const value = readOne({ cursor, budget, globals: allowed, persistent });
  const keys = readOne(plain);
  if (!Array.isArray(keys)) throw cursor.malformed('the keys of its storages are no list');
  for (const key of keys) fill(cursor, typeof key === 'string' ? storages.get(key) : undefined);
  if (!cursor.isAtEnd) throw cursor.malformed('something follows the last storage');
  return value;
}

function fill(cursor: Cursor, storage: PyStorage | undefined): void {
  const length = cursor.uint64();
  if (storage?.length !== length)
    throw pickleErrors.TENSOR_MALFORMED({ file: cursor.file, reason: 'a storage has another length than it states' });
  storage.bytes = cursor.take(length * ELEMENT_BYTES[storage.type]);
}
