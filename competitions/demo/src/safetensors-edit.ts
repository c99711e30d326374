interface Tensor {
  dtype: string;
  shape: number[];
  data: Buffer;
}

/** A whole small safetensors file, taken apart. */
type Tensors = Map<string, Tensor>;

const LENGTH_BYTES = 8;

export function readTensors(file: Buffer): Tensors {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + headerBytes)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const start = LENGTH_BYTES + headerBytes;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return new Map(
    entries.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => [name, { dtype, shape, data: file.subarray(start + begin, start + end) }],
    ),
  );
}

/** @param lie changes the header after the fact */
export function writeTensors(
  tensors: Tensors,
  lie: (header: Record<string, { data_offsets: [number, number] }>) => void = () => undefined,
): Buffer {
  let position = 0;
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = {};
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [position, position + data.length] };
    position += data.length;
  }
  lie(header);
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...header }), 'utf8');
  const prefix = Buffer.alloc(LENGTH_BYTES);
  prefix.writeBigUInt64LE(BigInt(text.length), 0);
  return Buffer.concat([prefix, text, ...[...tensors.values()].map(({ data }) => data)]);
}
