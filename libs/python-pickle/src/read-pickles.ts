import { Budget } from './budget.js';
import { Cursor } from './cursor.js';
import { STANDARD_GLOBALS, type AllowedGlobals } from './globals.js';
import { NUMPY_GLOBALS } from './numpy-globals.js';
import { readOne } from './read-one.js';
import { torchGlobals } from './torch-globals.js';
import { readLegacyTorch } from './torch-legacy.js';
import { requireTree } from './tree.js';
import { PyGlobal, type PyValue } from './values.js';

/**
 * The pickles that stand one behind the other in a file. Nothing of it is executed: names that are neither of the standard
 * library's containers, of numpy's numbers, of torch's tensors, nor among `globals` are refused.
 *
 * @param file its name, for messages
 * @param globals classes of the program that wrote it, by `module.name`
 * @throws PICKLE_MALFORMED, PICKLE_GLOBAL_REFUSED, PICKLE_OPCODE_REFUSED, PICKLE_TOO_LARGE, TENSOR_MALFORMED
 */
export function readPickles(file: string, bytes: Uint8Array, globals: AllowedGlobals): PyValue[] {
  const budget = new Budget(file, bytes);
  const cursor = new Cursor(file, bytes);
  const allowed = new Map([
    ...STANDARD_GLOBALS,
    ...NUMPY_GLOBALS,
    ...torchGlobals(budget),
    ...storageInside(budget),
    ...globals,
  ]);
  const found: PyValue[] = [];
  while (!cursor.isAtEnd) found.push(readOne({ cursor, budget, globals: allowed }));
  for (const value of found) requireTree(file, value);
  return found;
}

/** How a plain pickle has a storage: as bytes of a file of torch.save. */
function storageInside(budget: Budget): AllowedGlobals {
  const name = 'torch.storage._load_from_bytes';
  const load = ([content]: readonly PyValue[]): PyValue | undefined =>
    content instanceof Uint8Array ? readLegacyTorch(content, budget, new Map()) : undefined;
  return new Map([[name, new PyGlobal(name, load)]]);
}
