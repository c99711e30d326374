type Random = () => number;

/** A tensor outside of its file. */
interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Buffer;
}
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const below = (next: Random, limit: number): number => Math.floor(next() * limit);

/** undefined where an earlier change has broken the file. */
function tensorsOf(file: Buffer): { tensors: Tensor[]; metadata: unknown } | undefined {
  try {
    const start = 8 + Number(file.readBigUInt64LE(0));
    const { __metadata__: metadata, ...entries } = JSON.parse(file.toString('utf8', 8, start)) as Record<string, Entry>;
    const tensors = Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = file.subarray(start + from, start + to);
        return { name, dtype, shape, bytes };
      },
    );
    return tensors.every(({ shape }) => Array.isArray(shape)) ? { tensors, metadata } : undefined;
  } catch {
    return undefined;
  }
}

/** A whole file again, without gaps: what is wrong with it is what its tensors are. */
function fileOf(tensors: readonly Tensor[], metadata: unknown): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, ...tensors.map(({ bytes }) => bytes)]);
}

const EXPERT = /\.experts\.(\d+)\./;

/** The name of another expert's matrix, or of another layer's tensor. */
function otherName(next: Random, name: string): string {
  const number = [0, 1, 2, 7, 64, 1e6][below(next, 6)] ?? 0;
  return EXPERT.test(name)
    ? name.replace(EXPERT, `.experts.${number}.`)
    : name.replace(/\.layers\.\d+\./, `.layers.${number}.`);
}

/** The matrices of all experts of one layer in one tensor, as transformers 5 may store them. */
function stacked(next: Random, tensors: readonly Tensor[]): Tensor[] {
  const layer = tensors.find(({ name }) => EXPERT.test(name))?.name.split('.experts.')[0];
  const own = tensors.filter(({ name }) => name.startsWith(`${layer}.experts.`));
  const gates = own.filter(({ name }) => /\.(gate_proj|w1)\.weight$/.test(name));
  const [first] = gates;
  if (!first) return [];
  const [inner = 1, width = 1] = first.shape;
  const shape = [gates.length, 2 * inner, width].map((size) => (next() < 0.1 ? size + 1 : size));
  const bytes = Buffer.alloc(2 * gates.reduce((sum, one) => sum + one.bytes.length, 0), 0x3c);
  return [{ name: `${layer}.experts.gate_up_proj`, dtype: first.dtype, shape, bytes }];
}

type Change = (next: Random, tensors: Tensor[], at: number) => Tensor[];

const CHANGES: readonly Change[] = [
  // Missing.
  (_next, tensors, at) => tensors.filter((_one, index) => index !== at),
  // Doubled, under the name of another.
  (next, tensors, at) => [
    ...tensors,
    ...tensors.slice(at, at + 1).map((one) => ({ ...one, name: otherName(next, one.name) })),
  ],
  // Of another shape, with as many elements or not.
  (next, tensors, at) =>
    tensors.map((one, index) =>
      index === at ? { ...one, shape: next() < 0.5 ? [...one.shape].reverse() : [...one.shape, 1] } : one,
    ),
  // Of another type, with the same bytes.
  (_next, tensors, at) =>
    tensors.map((one, index) => (index === at ? { ...one, dtype: one.dtype === 'BF16' ? 'F16' : 'BF16' } : one)),
  // Both forms of the experts, or one and a half.
  (next, tensors) => [...tensors.filter(({ name }) => next() < 0.8 || !EXPERT.test(name)), ...stacked(next, tensors)],
  // Two tensors that have each other's name.
  (next, tensors, at) => {
    const other = below(next, tensors.length);
    return tensors.map((one, index) => {
      const source = index === at ? other : index === other ? at : index;
      return { ...one, name: tensors[source]?.name ?? one.name };
    });
  },
];

/** A file whose tensors are not those of the config. */
export function spoilTensors(next: Random, file: Buffer): Buffer {
  const read = tensorsOf(file);
  if (!read || read.tensors.length === 0) return file;
  const experts = read.tensors.flatMap(({ name }, index) => (EXPERT.test(name) ? [index] : []));
  const among = experts.length > 0 && next() < 0.6 ? experts : read.tensors.map((_one, index) => index);
  const change = CHANGES[below(next, CHANGES.length)];
  const changed = change?.(next, read.tensors, among[below(next, among.length)] ?? 0) ?? read.tensors;
  return fileOf(changed, read.metadata);
}
