import { PyGlobal, PyRecord, type PyValue } from './values.js';
import type { AllowedGlobals } from './globals.js';

/** Numbers that numpy writes one by one: `scalar(dtype, bytes)`. */
const READERS: Readonly<Record<string, (bytes: Buffer) => number | bigint>> = {
  f4: (bytes) => bytes.readFloatLE(),
  f8: (bytes) => bytes.readDoubleLE(),
  i4: (bytes) => BigInt(bytes.readInt32LE()),
  i8: (bytes) => bytes.readBigInt64LE(),
};

const DTYPE = 'numpy.dtype';

/** `dtype(code, align, copy)`; its state, of which the byte order follows, is set afterwards. */
function dtype([code]: readonly PyValue[]): PyRecord | undefined {
  if (typeof code !== 'string' || READERS[code] === undefined) return undefined;
  const made = new PyRecord(DTYPE);
  made.attributes.set('code', code);
  return made;
}

function scalar([type, content]: readonly PyValue[]): PyValue | undefined {
  if (!(type instanceof PyRecord) || type.className !== DTYPE || !(content instanceof Uint8Array)) return undefined;
  const code = type.attributes.get('code');
  if (typeof code !== 'string' || content.length !== Number(code.slice(1))) return undefined;
  const isLittleEndian = (type.attributes.get('byteorder') ?? '<') === '<';
  return isLittleEndian ? READERS[code]?.(Buffer.from(content)) : undefined;
}

export const NUMPY_GLOBALS: AllowedGlobals = new Map(
  [
    new PyGlobal(DTYPE, dtype),
    new PyGlobal('numpy.core.multiarray.scalar', scalar),
    new PyGlobal('numpy._core.multiarray.scalar', scalar),
  ].map((one) => [one.name, one]),
);

/** The state of a dtype is `(version, byte order, ...)`. */
export function setDtypeState(made: PyRecord, state: PyValue): boolean {
  if (made.className !== DTYPE || !Array.isArray(state) || typeof state[1] !== 'string') return false;
  made.attributes.set('byteorder', state[1]);
  return true;
}
