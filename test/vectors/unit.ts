/** One element of an array of cases. */
export interface UnitResult {
  unit: string;
  status: 'passed' | 'failed' | 'rule' | 'skipped';
  /** Of a failure: what was expected and what came. Of a case that was skipped: why. */
  detail?: string;
}

/** What vectors may need beside their own file. */
export interface VectorWorld {
  /** Folder with the metadata of real chains and their answers; undefined where none is named. */
  metadata: string | undefined;
}

export type Kind = (content: Fields, world: VectorWorld) => UnitResult[] | Promise<UnitResult[]>;
export type Fields = Readonly<Record<string, unknown>>;

export class Mismatch extends Error {}

/** Runs the checks of one unit, and says by which rule it was checked; anything thrown is a failure of that unit alone. */
function unit(name: string, check: () => 'reference' | 'assay'): UnitResult {
  try {
    return { unit: name, status: check() === 'assay' ? 'rule' : 'passed' };
  } catch (error) {
    return { unit: name, status: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** One unit whose check has to wait for something. */
export async function unitOf(
  name: string,
  check: () => Promise<'reference' | 'assay'> | 'reference' | 'assay',
): Promise<UnitResult> {
  try {
    return { unit: name, status: (await check()) === 'assay' ? 'rule' : 'passed' };
  } catch (error) {
    return { unit: name, status: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** What was not checked, and why. */
export const skipped = (unit: string, detail: string): UnitResult[] => [{ unit, status: 'skipped', detail }];

/** A unit for each element of an array of cases. A key that is missing is a failure of the file. */
export function units(content: Fields, key: string, check: (given: Fields) => 'reference' | 'assay'): UnitResult[] {
  return list(content[key]).map((item, index) => unit(`${key}[${index}]`, () => check(fields(item))));
}

export function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Mismatch(`expected an object, found ${show(value)}`);
  return { ...value };
}

export function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Mismatch(`expected a list, found ${show(value)}`);
  return value;
}

/** Numbers, and the strings that stand for non-finite and large ones. */
export function number(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  throw new Mismatch(`expected a number, found ${show(value)}`);
}

export function bigint(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
  throw new Mismatch(`expected an integer, found ${show(value)}`);
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Mismatch(`expected a string, found ${show(value)}`);
  return value;
}

export const numbers = (value: unknown): number[] => list(value).map(number);

export const show = (value: unknown): string =>
  JSON.stringify([value], (_key, item: unknown) =>
    typeof item === 'bigint' || (typeof item === 'number' && !Number.isFinite(item)) ? String(item) : item,
  )
    .slice(1, -1)
    .slice(0, 200);

export function equal(what: string, actual: unknown, expected: unknown): void {
  if (show(actual) !== show(expected) || JSON.stringify(plain(actual)) !== JSON.stringify(plain(expected))) {
    throw new Mismatch(`${what}: expected ${show(expected)}, found ${show(actual)}`);
  }
}

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify([value], (_key, item: unknown) =>
      typeof item === 'bigint' || (typeof item === 'number' && !Number.isFinite(item)) ? String(item) : item,
    ),
  );

/** Python doubles: 1e-12 relative. */
export function closeDouble(what: string, actual: number, expected: unknown): void {
  close(what, actual, number(expected), 1e-12, 0);
}

/** float32 tensors: 1e-6 relative and 1e-7 absolute. */
export function closeFloat(what: string, actual: number, expected: unknown): void {
  close(what, actual, number(expected), 1e-6, 1e-7);
}

function close(what: string, actual: number, expected: number, relative: number, absolute: number): void {
  if (Object.is(actual, expected) || actual === expected) return;
  if (!(Math.abs(actual - expected) <= relative * Math.abs(expected) + absolute)) {
    throw new Mismatch(`${what}: expected ${expected}, found ${actual}`);
  }
}

export function closeFloats(what: string, actual: readonly number[], expected: unknown): void {
  const wanted = list(expected);
  equal(`${what}: length`, actual.length, wanted.length);
  for (const [index, value] of wanted.entries()) closeFloat(`${what}[${index}]`, actual[index] ?? Number.NaN, value);
}
