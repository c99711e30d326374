type Decode = (bytes: Buffer, at: number) => number;

/** An element of a type in which weights may be stored, as a number. @throws RangeError for another type */
export function decoderOf(dtype: string): Decode {
  const decode = Object.hasOwn(DECODERS, dtype) ? DECODERS[dtype] : undefined;
  if (!decode) throw new RangeError(`no weights are stored as ${dtype}`);
  return decode;
}

const DECODERS: Readonly<Record<string, Decode>> = {
  F64: (bytes, at) => bytes.readDoubleLE(at),
  F32: (bytes, at) => bytes.readFloatLE(at),
  F16: (bytes, at) => half(bytes.readUInt16LE(at)),
  BF16: (bytes, at) => brain(bytes.readUInt16LE(at)),
  I64: (bytes, at) => Number(bytes.readBigInt64LE(at)),
  I32: (bytes, at) => bytes.readInt32LE(at),
  I16: (bytes, at) => bytes.readInt16LE(at),
  I8: (bytes, at) => bytes.readInt8(at),
  U8: (bytes, at) => bytes.readUInt8(at),
};

const converter = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function brain(bits: number): number {
  converter.setUint32(0, bits * 0x1_0000);
  return converter.getFloat32(0);
}

/** IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
