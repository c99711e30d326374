/**
 * PCG64 as a WebAssembly module, assembled here from expressions. A step multiplies 128-bit integers, which takes a few
 * instructions on 64-bit integers, and four times as long on JavaScript's numbers.
 *
 * Memory, little endian: state at 0, increment at 16 (each low half first), outputs of 8 bytes from `OUTPUTS_AT` on, integers of
 * 4 bytes from `INTEGERS_AT` on. `steps(n)` writes n outputs and leaves the state that follows them.
 * `below(n, high, threshold)` makes integers below `high` of the first n words of 32 bits of the outputs, by Lemire's method,
 * and gives back how many there are: words whose product has a low half below the threshold make none.
 */

const INCREMENT_AT = 16;
export const OUTPUTS_AT = 32;
export const INTEGERS_AT = 32_768;

/** The multiplier of PCG's 128-bit generator (O'Neill 2014, `PCG_DEFAULT_MULTIPLIER_128`). */
const MULTIPLIER = { high: 0x2360_ed05_1fc6_5da4n, low: 0x4385_df64_9fcc_f645n };
const WORD = 0xffff_ffffn;

type Code = readonly number[];

const I32 = 0x7f;
const I64 = 0x7e;

/** LEB128 of an unsigned integer. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a signed 64-bit integer. */
function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

const binary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [...left, ...right, opcode];

const add = binary(0x7c);
const multiply = binary(0x7e);
const and = binary(0x83);
const xor = binary(0x85);
const shiftRight = binary(0x88);
const rotateRight = binary(0x8a);
const isBelow = (left: Code, right: Code): Code => [...left, ...right, 0x54, 0xad];
const addAddress = binary(0x6a);
const isAddressBelow = binary(0x49);
const isWordAtLeast = binary(0x4f);

const constant = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))];
const address = (value: number): Code => [0x41, ...signed(BigInt(value))];
const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const load = (from: number): Code => [...address(0), 0x29, 3, ...unsigned(from)];
const store = (base: Code, offset: number, value: Code): Code => [...base, ...value, 0x37, 3, ...unsigned(offset)];
const shiftLeftAddress = (value: Code, bits: number): Code => [...value, ...address(bits), 0x74];
const sum = (first: Code, ...others: readonly Code[]): Code => others.reduce(add, first);
const low32 = (value: Code): Code => and(value, constant(WORD));
const high32 = (value: Code): Code => shiftRight(value, constant(32n));
/** `do { body } while (condition)` */
const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0x00, 0x0b];

/** Locals: the parameter first, then one that holds an address, then those of 64 bits. */
const [END, AT, LOW, HIGH, INCREMENT_LOW, INCREMENT_HIGH, NEXT_LOW, CROSS, MIDDLE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const;

/** state = state x multiplier + increment, modulo 2^128; the high half of low x low from four products of 32 bits. */
const advance: Code = [
  ...set(NEXT_LOW, add(multiply(get(LOW), constant(MULTIPLIER.low)), get(INCREMENT_LOW))),
  ...set(
    CROSS,
    add(
      multiply(high32(get(LOW)), constant(MULTIPLIER.low & WORD)),
      high32(multiply(low32(get(LOW)), constant(MULTIPLIER.low & WORD))),
    ),
  ),
  ...set(MIDDLE, add(multiply(low32(get(LOW)), constant(MULTIPLIER.low >> 32n)), low32(get(CROSS)))),
  ...set(
    HIGH,
    sum(
      multiply(get(HIGH), constant(MULTIPLIER.low)),
      multiply(get(LOW), constant(MULTIPLIER.high)),
      multiply(high32(get(LOW)), constant(MULTIPLIER.low >> 32n)),
      high32(get(CROSS)),
      high32(get(MIDDLE)),
      get(INCREMENT_HIGH),
      isBelow(get(NEXT_LOW), get(INCREMENT_LOW)),
    ),
  ),
  ...set(LOW, get(NEXT_LOW)),
];

/** XSL-RR: the halves xored, rotated by the topmost six bits. */
const output: Code = rotateRight(xor(get(HIGH), get(LOW)), shiftRight(get(HIGH), constant(58n)));

const body: Code = [
  ...set(END, shiftLeftAddress(get(END), 3)),
  ...set(LOW, load(0)),
  ...set(HIGH, load(8)),
  ...set(INCREMENT_LOW, load(INCREMENT_AT)),
  ...set(INCREMENT_HIGH, load(INCREMENT_AT + 8)),
  ...repeat(
    [...advance, ...store(get(AT), OUTPUTS_AT, output), ...set(AT, addAddress(get(AT), address(8)))],
    isAddressBelow(get(AT), get(END)),
  ),
  ...store(address(0), 0, get(LOW)),
  ...store(address(0), 8, get(HIGH)),
];

/** Locals of `below`: the parameters, how many words are read and integers written (in bytes), and a product. */
const [WORDS, HIGH_END, THRESHOLD, READ, WRITTEN, PRODUCT] = [0, 1, 2, 3, 4, 5] as const;

const widened = (word: Code): Code => [...word, 0xad];
const narrowed = (value: Code): Code => [...value, 0xa7];
const loadWord = (base: Code, offset: number): Code => [...base, 0x28, 2, ...unsigned(offset)];
const storeWord = (base: Code, offset: number, value: Code): Code => [...base, ...value, 0x36, 2, ...unsigned(offset)];

/** Every integer is written; one that does not count is overwritten by the next. */
const belowBody: Code = [
  ...set(WORDS, shiftLeftAddress(get(WORDS), 2)),
  ...repeat(
    [
      ...set(PRODUCT, multiply(widened(loadWord(get(READ), OUTPUTS_AT)), widened(get(HIGH_END)))),
      ...storeWord(get(WRITTEN), INTEGERS_AT, narrowed(high32(get(PRODUCT)))),
      ...set(
        WRITTEN,
        addAddress(get(WRITTEN), shiftLeftAddress(isWordAtLeast(narrowed(get(PRODUCT)), get(THRESHOLD)), 2)),
      ),
      ...set(READ, addAddress(get(READ), address(4))),
    ],
    isAddressBelow(get(READ), get(WORDS)),
  ),
  ...get(WRITTEN),
  ...address(2),
  0x76,
];

const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const name = (text: string): Code => sized([...Buffer.from(text)]);

const stepsCode: Code = [0x02, 0x01, I32, 0x07, I64, ...body, 0x0b];
const belowCode: Code = [0x02, 0x02, I32, 0x01, I64, ...belowBody, 0x0b];

/** Sections: types (i32) -> () and (i32, i32, i32) -> i32, a function of each, one page of memory, the exports, the code. */
export const PCG64_MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [0x02, 0x60, 0x01, I32, 0x00, 0x60, 0x03, I32, I32, I32, 0x01, I32]),
  ...section(3, [0x02, 0x00, 0x01]),
  ...section(5, [0x01, 0x00, 0x01]),
  ...section(7, [
    0x03,
    ...[...name('memory'), 0x02, 0x00],
    ...[...name('steps'), 0x00, 0x00],
    ...[...name('below'), 0x00, 0x01],
  ]),
  ...section(10, [0x02, ...sized(stepsCode), ...sized(belowCode)]),
]);
