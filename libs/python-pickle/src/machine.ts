import type { Budget } from './budget.js';
import type { Cursor } from './cursor.js';
import { pickleErrors } from './errors.js';
import type { AllowedGlobals } from './globals.js';
import { setDtypeState } from './numpy-globals.js';
import { isKey, PyGlobal, PyRecord, type PyKey, type PyValue } from './values.js';

/** Makes the value that a persistent id stands for; undefined for an id that it does not know. */
export type PersistentLoad = (id: PyValue) => PyValue | undefined;

export interface MachineDeps {
  cursor: Cursor;
  budget: Budget;
  globals: AllowedGlobals;
  /** Absent where a file may hold no persistent ids. */
  persistent?: PersistentLoad;
}

/** The stack machine of pickle, with values in place of objects: it calls nothing but functions of the allowed globals. */
export class Machine {
  #stack: PyValue[] = [];
  readonly #outer: PyValue[][] = [];
  readonly #memo = new Map<number, PyValue>();

  constructor(private readonly deps: MachineDeps) {}

  get cursor(): Cursor {
    return this.deps.cursor;
  }

  push(value: PyValue): void {
    this.#stack.push(value);
  }

  /** Pushes a new list, dict, set or object. */
  pushNew(value: PyValue): void {
    this.deps.budget.container();
    this.push(value);
  }

  pop(): PyValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.cursor.malformed('the stack is empty');
    return value;
  }

  top(): PyValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.cursor.malformed('the stack is empty');
    return value;
  }

  mark(): void {
    this.deps.budget.container();
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** The values since the newest mark, which are taken off. */
  popMark(): PyValue[] {
    const values = this.#stack;
    const outer = this.#outer.pop();
    if (!outer) throw this.cursor.malformed('a mark is missing');
    this.#stack = outer;
    return values;
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.cursor.malformed(`nothing was remembered as ${index}`);
    this.push(value);
  }

  append(items: readonly PyValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.cursor.malformed('an item is appended to what is no list');
    for (const item of items) list.push(item);
  }

  add(items: readonly PyValue[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.cursor.malformed('an item is added to what is no set');
    for (const item of items) set.add(this.#key(item));
  }

  setItems(items: readonly PyValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.cursor.malformed('an item is set in what is no dict');
    this.#fill(dict, items);
  }

  dictOf(items: readonly PyValue[]): Map<PyKey, PyValue> {
    const dict = new Map<PyKey, PyValue>();
    this.#fill(dict, items);
    return dict;
  }

  setOf(items: readonly PyValue[]): Set<PyKey> {
    return new Set(items.map((item) => this.#key(item)));
  }

  #fill(dict: Map<PyKey, PyValue>, items: readonly PyValue[]): void {
    if (items.length % 2 !== 0) throw this.cursor.malformed('a key has no value');
    for (let at = 0; at < items.length; at += 2) dict.set(this.#key(items[at] ?? null), items[at + 1] ?? null);
  }

  #key(value: PyValue): PyKey {
    if (!isKey(value)) throw this.cursor.malformed('a key is neither text nor a number');
    return value;
  }

  /** @throws PICKLE_GLOBAL_REFUSED for every name that is not on the list */
  global(module: PyValue, name: PyValue): PyGlobal {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.cursor.malformed('the name of a class or function is no text');
    const full = `${module}.${name}`;
    const found = this.deps.globals.get(full);
    if (found) return found;
    const { file, offset } = this.cursor;
    throw pickleErrors.PICKLE_GLOBAL_REFUSED({ file, offset, global: full });
  }

  call(callee: PyValue, args: PyValue): void {
    for (const arg of Array.isArray(args) ? args : []) this.deps.budget.copies(sizeOf(arg));
    const made = callee instanceof PyGlobal && Array.isArray(args) ? callee.call(args) : undefined;
    if (made === undefined)
      throw this.cursor.malformed(
        callee instanceof PyGlobal ? `${callee.name} does not take these arguments` : 'what is called is no function',
      );
    this.pushNew(made);
  }

  /** Sets the attributes of the object on top: a dict, or (dict, slots); of a pydantic object the dict in `__dict__`. */
  build(state: PyValue): void {
    const made = this.top();
    if (!(made instanceof PyRecord)) throw this.cursor.malformed('a state is set on what is no object');
    if (setDtypeState(made, state)) return;
    const dict = Array.isArray(state) ? state[0] : state;
    const own = dict instanceof Map ? (dict.get('__dict__') ?? dict) : dict;
    if (!(own instanceof Map)) throw this.cursor.malformed(`the state of ${made.className} is no dict`);
    this.deps.budget.copies(own.size);
    for (const [key, value] of own) made.attributes.set(key, value);
  }

  loadPersistent(id: PyValue): void {
    const value = this.deps.persistent?.(id);
    if (value === undefined) throw this.cursor.malformed('a persistent id stands for nothing known');
    this.push(value);
  }
}

const sizeOf = (value: PyValue): number =>
  typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value) ? value.length : 1;
