import { pickleErrors } from './errors.js';
import type { Budget } from './budget.js';

/**
 * A Python value: None, bool, int (bigint), float (number), str, bytes, list or tuple (array), dict (Map), set (Set), an
 * object of a known class, a tensor, or the name of a class or function.
 */
export type PyValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | PyValue[]
  | Map<PyKey, PyValue>
  | Set<PyKey>
  | PyRecord
  | PyTensor
  | PyStorage
  | PyGlobal;

/** What can be a key of a dict or a member of a set here. */
export type PyKey = null | boolean | bigint | number | string;

export const isKey = (value: PyValue): value is PyKey => value === null || typeof value !== 'object';

/** An object of a class that the reader knows by name: its attributes, none of its behaviour. */
export class PyRecord {
  readonly attributes = new Map<PyKey, PyValue>();

  constructor(readonly className: string) {}
}

/** A class or function that the file may name. `call` makes the value that Python would make, out of plain values. */
export class PyGlobal {
  constructor(
    readonly name: string,
    /** Returns undefined for arguments that it does not take. */
    readonly call: (args: readonly PyValue[]) => PyValue | undefined,
    /** Members of an enumeration, by name. */
    readonly members: ReadonlyMap<string, PyValue> = new Map(),
  ) {}
}

export type ElementType = 'float32' | 'float64';
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float32: 4, float64: 8 };

/** The elements that tensors look into. Their bytes may come later in the file than the tensors. */
export class PyStorage {
  bytes: Buffer | undefined;

  constructor(
    readonly type: ElementType,
    /** Number of elements. */
    readonly length: number,
  ) {}

  element(index: number): number | undefined {
    if (!this.bytes || index < 0 || index >= this.length) return undefined;
    const at = index * ELEMENT_BYTES[this.type];
    return this.type === 'float32' ? this.bytes.readFloatLE(at) : this.bytes.readDoubleLE(at);
  }
}

interface TensorView {
  storage: PyStorage;
  /** In elements. */
  offset: number;
  size: readonly number[];
  /** In elements, one for each dimension. */
  stride: readonly number[];
}

/** A view into a storage. */
export class PyTensor {
  constructor(
    readonly view: TensorView,
    private readonly budget: Budget,
  ) {}

  get size(): readonly number[] {
    return this.view.size;
  }

  /** The elements of a tensor with one dimension. @throws TENSOR_MALFORMED, PICKLE_TOO_LARGE */
  vector(): number[] {
    const { storage, offset, size, stride } = this.view;
    const [length = 0] = size;
    const [step = 0] = stride;
    if (size.length !== 1 || stride.length !== 1) throw this.#malformed(`it has ${size.length} dimensions, not one`);
    this.budget.elements(length);
    return Array.from({ length }, (_none, index) => {
      const element = storage.element(offset + index * step);
      if (element === undefined) throw this.#malformed(`element ${index} lies outside of its storage`);
      return element;
    });
  }

  #malformed(reason: string): Error {
    return pickleErrors.TENSOR_MALFORMED({ file: this.budget.file, reason });
  }
}
