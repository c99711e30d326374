import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { assembled, readTensors, type StoredBytes } from './folders.js';
import { scratchFolder } from './scratch.js';
import { FIXTURES } from './worlds.js';

const pair = z.tuple([z.string(), z.string()]);
const step = z.union([
  z.object({ rename: pair }),
  z.object({ copy: pair }),
  z.object({ reversed: pair }),
  z.object({ drop: z.string() }),
  z.object({ prefix: z.string() }),
  z.object({ unprefix: z.string() }),
  z.object({ made: z.tuple([z.string(), z.string(), z.array(z.number()), z.array(z.number())]) }),
]);
type Step = z.infer<typeof step>;

/** A folder that is made of another one, as test/fixtures/loading.json describes it. */
export const changedFolder = z.object({
  /** A folder of test/fixtures/cases. */
  base: z.string(),
  tensors: z.array(step).default([]),
  config: z.record(z.string(), z.unknown()).default({}),
  metadata: z.record(z.string(), z.record(z.string(), z.string()).nullable()).default({}),
  index: z
    .object({
      drop: z.array(z.string()).default([]),
      set: z.record(z.string(), z.string()).default({}),
      metadata: z.null().optional(),
    })
    .optional(),
});
type ChangedFolder = z.infer<typeof changedFolder>;

const WIDTHS: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
};
const widthOf = (dtype: string): number => WIDTHS[dtype] ?? 1;

function applied(tensors: readonly StoredBytes[], one: Step): StoredBytes[] {
  const renamed = (by: (name: string) => string): StoredBytes[] =>
    tensors.map((tensor) => ({ ...tensor, name: by(tensor.name) }));
  const added = ([from, name]: [string, string], by: (tensor: StoredBytes) => Buffer): StoredBytes[] => {
    const tensor = tensors.find((other) => other.name === from);
    if (!tensor) throw new Error(`the folder holds no ${from}`);
    return [...tensors, { ...tensor, name, bytes: by(tensor) }];
  };
  if ('rename' in one) return renamed((name) => (name === one.rename[0] ? one.rename[1] : name));
  if ('prefix' in one) return renamed((name) => `${one.prefix}${name}`);
  if ('unprefix' in one)
    return renamed((name) => (name.startsWith(one.unprefix) ? name.slice(one.unprefix.length) : name));
  if ('drop' in one) return tensors.filter(({ name }) => name !== one.drop);
  if ('copy' in one) return added(one.copy, ({ bytes }) => bytes);
  if ('reversed' in one) return added(one.reversed, reversedElements);
  const [name, dtype, shape, pattern] = one.made;
  const length = shape.reduce((product, size) => product * size, widthOf(dtype));
  return [
    ...tensors.filter((tensor) => tensor.name !== name),
    { name, dtype, shape, bytes: Buffer.alloc(length, Uint8Array.from(pattern)) },
  ];
}

function reversedElements({ dtype, bytes }: StoredBytes): Buffer {
  const width = widthOf(dtype);
  const elements = Array.from({ length: bytes.length / width }, (_none, index) =>
    bytes.subarray(index * width, (index + 1) * width),
  );
  return Buffer.concat(elements.reverse());
}

/** A tensor's shard, `a` where its name gives none, and its name. */
const placed = (name: string): [shard: string, name: string] => {
  const [first = '', second] = name.split(':');
  return second === undefined ? ['a', first] : [first, second];
};

/** Writes the folder. */
export function writeChanged({ base, tensors: steps, config, metadata, index }: ChangedFolder): string {
  const [source, folder] = [join(FIXTURES, '..', 'cases', base, 'model'), scratchFolder()];
  const original: unknown = JSON.parse(readFileSync(join(source, 'config.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(Object.assign({}, original, config)));
  const files = readdirSync(source)
    .filter((file) => file.endsWith('.safetensors'))
    .sort();
  const stored = files.flatMap((file) => readTensors(join(source, file)));
  const unique = [...new Map(stored.map((tensor) => [tensor.name, tensor])).values()];
  const tensors = steps.reduce<StoredBytes[]>(applied, unique);
  const write = (file: string, content: readonly StoredBytes[]): void => {
    const { [file]: written = { format: 'pt' } } = metadata;
    writeFileSync(join(folder, `${file}.safetensors`), assembled(content, written ? { __metadata__: written } : {}));
  };
  if (!index && !tensors.some(({ name }) => name.includes(':'))) {
    write('model', tensors);
    return folder;
  }
  const named = tensors.map((tensor) => ({ tensor, place: placed(tensor.name) }));
  for (const shard of new Set(named.map(({ place }) => place[0])))
    write(
      shard,
      named.filter(({ place }) => place[0] === shard).map(({ tensor, place }) => ({ ...tensor, name: place[1] })),
    );
  const map = new Map(named.map(({ place: [shard, name] }) => [name, `${shard}.safetensors`]));
  for (const name of index?.drop ?? []) map.delete(name);
  for (const [name, shard] of Object.entries(index?.set ?? {})) map.set(name, shard);
  const top = index?.metadata === null ? {} : { metadata: {} };
  writeFileSync(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ ...top, weight_map: Object.fromEntries(map) }),
  );
  return folder;
}
