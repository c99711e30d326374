import type { Cursor } from './cursor.js';
import type { Machine } from './machine.js';
import { decimalFloat, decimalInt, littleEndianInt, rawUnicode } from './numbers.js';
import type { PyValue } from './values.js';

type Step = (machine: Machine) => void;

const code = (letter: string): number => letter.charCodeAt(0);
const MAX_PROTOCOL = 5;

function protocol({ cursor }: Machine): void {
  const version = cursor.byte();
  if (version > MAX_PROTOCOL) throw cursor.malformed(`it is of protocol ${version}`);
}

/** `I01` and `I00` are True and False. */
const intOrBool = (cursor: Cursor, text: string): PyValue =>
  text === '00' || text === '01' ? text === '01' : decimalInt(cursor, text);

function newObject(machine: Machine): void {
  const args = machine.pop();
  machine.call(machine.pop(), args);
}

function newObjectWithNames(machine: Machine): void {
  const named = machine.pop();
  if (!(named instanceof Map) || named.size > 0) throw machine.cursor.malformed('arguments have names');
  newObject(machine);
}

/** Old-style objects: `module`, `name`, and the arguments since the mark. */
function instance(machine: Machine): void {
  const module = machine.cursor.line();
  const found = machine.global(module, machine.cursor.line());
  machine.call(found, machine.popMark());
}

function stackGlobal(machine: Machine): void {
  const name = machine.pop();
  machine.push(machine.global(machine.pop(), name));
}

function namedGlobal(machine: Machine): void {
  const module = machine.cursor.line();
  machine.push(machine.global(module, machine.cursor.line()));
}

function setOne(machine: Machine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.setItems([key, value]);
}

const reads: readonly (readonly [number, (cursor: Cursor) => PyValue])[] = [
  [code('N'), () => null],
  [0x88, () => true],
  [0x89, () => false],
  [code('I'), (cursor) => intOrBool(cursor, cursor.line())],
  [code('L'), (cursor) => decimalInt(cursor, cursor.line().replace(/L$/, ''))],
  [code('J'), (cursor) => BigInt(cursor.int32())],
  [code('K'), (cursor) => BigInt(cursor.byte())],
  [code('M'), (cursor) => BigInt(cursor.uint16())],
  [0x8a, (cursor) => littleEndianInt(cursor, cursor.byte())],
  [0x8b, (cursor) => littleEndianInt(cursor, cursor.uint32())],
  [code('F'), (cursor) => decimalFloat(cursor, cursor.line())],
  [code('G'), (cursor) => cursor.float()],
  [code('V'), (cursor) => rawUnicode(cursor.line())],
  [code('X'), (cursor) => cursor.text(cursor.uint32())],
  [0x8c, (cursor) => cursor.text(cursor.byte())],
  [0x8d, (cursor) => cursor.text(cursor.uint64())],
  [code('B'), (cursor) => cursor.take(cursor.uint32())],
  [code('C'), (cursor) => cursor.take(cursor.byte())],
  [0x8e, (cursor) => cursor.take(cursor.uint64())],
  [0x96, (cursor) => cursor.take(cursor.uint64())],
];

const values = reads.map(([opcode, read]): readonly [number, Step] => [
  opcode,
  (machine) => {
    machine.push(read(machine.cursor));
  },
]);

const popped = (machine: Machine, count: number): PyValue[] =>
  Array.from({ length: count }, () => machine.pop()).reverse();

/** New lists, tuples, dicts and sets. */
const makes: readonly (readonly [number, (machine: Machine) => PyValue])[] = [
  [code(']'), () => []],
  [code('l'), (machine) => machine.popMark()],
  [code(')'), () => []],
  [code('t'), (machine) => machine.popMark()],
  [0x85, (machine) => popped(machine, 1)],
  [0x86, (machine) => popped(machine, 2)],
  [0x87, (machine) => popped(machine, 3)],
  [code('}'), () => new Map()],
  [code('d'), (machine) => machine.dictOf(machine.popMark())],
  [0x8f, () => new Set()],
  [0x91, (machine) => machine.setOf(machine.popMark())],
];

const containers = makes.map(([opcode, make]): readonly [number, Step] => [
  opcode,
  (machine) => {
    machine.pushNew(make(machine));
  },
]);

/** What is remembered, and recalled, under the index that follows. */
const indices: readonly (readonly [put: number, get: number, index: (cursor: Cursor) => number])[] = [
  [code('p'), code('g'), (cursor) => Number(decimalInt(cursor, cursor.line()))],
  [code('q'), code('h'), (cursor) => cursor.byte()],
  [code('r'), code('j'), (cursor) => cursor.uint32()],
];

const memo = indices.flatMap(([put, get, index]): (readonly [number, Step])[] => [
  [
    put,
    (machine) => {
      machine.remember(index(machine.cursor));
    },
  ],
  [
    get,
    (machine) => {
      machine.recall(index(machine.cursor));
    },
  ],
]);

/** What is put into the list, set or dict below. */
const additions: readonly (readonly [number, Step])[] = [
  [
    code('a'),
    (machine) => {
      machine.append([machine.pop()]);
    },
  ],
  [
    code('e'),
    (machine) => {
      machine.append(machine.popMark());
    },
  ],
  [code('s'), setOne],
  [
    code('u'),
    (machine) => {
      machine.setItems(machine.popMark());
    },
  ],
  [
    0x90,
    (machine) => {
      machine.add(machine.popMark());
    },
  ],
];

const objects: readonly (readonly [number, Step])[] = [
  [code('c'), namedGlobal],
  [0x93, stackGlobal],
  [code('R'), newObject],
  [0x81, newObject],
  [0x92, newObjectWithNames],
  [code('i'), instance],
  [
    code('b'),
    (machine) => {
      machine.build(machine.pop());
    },
  ],
  [
    code('Q'),
    (machine) => {
      machine.loadPersistent(machine.pop());
    },
  ],
];

const stack: readonly (readonly [number, Step])[] = [
  [0x80, protocol],
  [0x95, ({ cursor }) => void cursor.uint64()],
  [
    code('('),
    (machine) => {
      machine.mark();
    },
  ],
  [code('0'), (machine) => void machine.pop()],
  [code('1'), (machine) => void machine.popMark()],
  [
    code('2'),
    (machine) => {
      machine.push(machine.top());
    },
  ],
  [
    0x94,
    (machine) => {
      machine.rememberNext();
    },
  ],
];

export const STOP = code('.');

/** What each opcode does. Those that are not here (extensions, buffers, strings of Python 2) are refused. */
export const STEPS: ReadonlyMap<number, Step> = new Map([
  ...values,
  ...containers,
  ...additions,
  ...memo,
  ...objects,
  ...stack,
]);
