import type { Budget } from './budget.js';
import type { AllowedGlobals } from './globals.js';
import { PyGlobal, PyStorage, PyTensor, type ElementType, type PyValue } from './values.js';

/** Types of storages, by the name that a file has for them. */
const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  'torch.FloatStorage': 'float32',
  'torch.DoubleStorage': 'float64',
};

/** A number that counts elements. */
const count = (value: PyValue | undefined): number | undefined =>
  typeof value === 'bigint' && value >= 0n && value <= 2n ** 40n ? Number(value) : undefined;

const counts = (value: PyValue | undefined): number[] | undefined => {
  const all = Array.isArray(value) ? value.map(count) : [];
  const known = all.filter((one) => one !== undefined);
  return Array.isArray(value) && known.length === all.length ? known : undefined;
};

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`. */
function rebuild(budget: Budget, [storage, offset, size, stride]: readonly PyValue[]): PyTensor | undefined {
  const view = { offset: count(offset), size: counts(size), stride: counts(stride) };
  if (!(storage instanceof PyStorage) || view.offset === undefined || !view.size || !view.stride) return undefined;
  return new PyTensor({ storage, offset: view.offset, size: view.size, stride: view.stride }, budget);
}

/** The storage that a persistent id `('storage', type, key, location, length)` names, and its key. */
export function storageOf(id: PyValue): { key: string; storage: PyStorage } | undefined {
  if (!Array.isArray(id)) return undefined;
  const [kind, type, key, , length] = id;
  const elementType = type instanceof PyGlobal ? STORAGE_TYPES[type.name] : undefined;
  const elements = count(length);
  if (kind !== 'storage' || !elementType || typeof key !== 'string' || elements === undefined) return undefined;
  return { key, storage: new PyStorage(elementType, elements) };
}

/** Types of storages, and the function that makes tensors. */
export function torchGlobals(budget: Budget): AllowedGlobals {
  const types = Object.keys(STORAGE_TYPES).map((name) => new PyGlobal(name, () => undefined));
  const tensor = new PyGlobal('torch._utils._rebuild_tensor_v2', (args) => rebuild(budget, args));
  return new Map([...types, tensor].map((one) => [one.name, one]));
}
