import { LIMITS } from './budget.js';
import { pickleErrors } from './errors.js';
import { PyRecord, type PyKey, type PyValue } from './values.js';

/** Values that may contain others. */
type Container = PyValue[] | Map<PyKey, PyValue> | PyRecord;

const isContainer = (value: PyValue): value is Container =>
  Array.isArray(value) || value instanceof Map || value instanceof PyRecord;

function childrenOf(value: Container): PyValue[] {
  if (Array.isArray(value)) return value;
  return [...(value instanceof PyRecord ? value.attributes : value).values()];
}

interface Frame {
  value: Container;
  children: PyValue[];
  next: number;
  size: number;
}

/**
 * Makes sure that a value can be walked through like a tree: it contains itself nowhere, is not too deep, and has not too
 * many values when each is counted as often as it is reached. (A small file can share one list a billion times.)
 *
 * @throws PICKLE_MALFORMED, PICKLE_TOO_LARGE
 */
export function requireTree(file: string, root: PyValue): void {
  const sizes = new Map<Container, number>();
  const open = new Set<Container>();
  const path: Frame[] = [];
  const enter = (value: Container): void => {
    if (path.length >= LIMITS.depth)
      throw pickleErrors.PICKLE_TOO_LARGE({ file, what: 'levels of nesting', limit: LIMITS.depth });
    open.add(value);
    path.push({ value, children: childrenOf(value), next: 0, size: 1 });
  };
  if (isContainer(root)) enter(root);
  for (let frame = path.at(-1); frame; frame = path.at(-1)) {
    const child = frame.children[frame.next];
    if (child === undefined) {
      leave(frame);
      continue;
    }
    frame.next += 1;
    if (!isContainer(child)) frame.size += child instanceof Set ? 1 + child.size : 1;
    else if (open.has(child))
      throw pickleErrors.PICKLE_MALFORMED({ file, offset: 0, reason: 'a value contains itself' });
    else if (sizes.has(child)) frame.size += sizes.get(child) ?? 0;
    else enter(child);
    requireCount(file, frame.size);
  }

  function leave(frame: Frame): void {
    path.pop();
    open.delete(frame.value);
    sizes.set(frame.value, frame.size);
    const parent = path.at(-1);
    if (parent) parent.size += frame.size;
    requireCount(file, parent?.size ?? 0);
  }
}

function requireCount(file: string, count: number): void {
  if (count > LIMITS.values) throw pickleErrors.PICKLE_TOO_LARGE({ file, what: 'values', limit: LIMITS.values });
}
