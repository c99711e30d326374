import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UnusableJson } from '@assay/core/model/json-object';
import { modelErrors } from '../errors.js';
import type { Library } from '../library.js';
import { readJsonObject } from './read-json.js';
import { headerBudget, readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from './safetensors.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_INDEX_BYTES = 16 * 1024 * 1024;
const MAX_SHARDS = 1000;
/** Formats in the metadata with which 4.x opens the only file of a model, and a shard. It refuses others; 5 reads no metadata. */
const FORMATS = { single: ['pt', 'mlx'], shard: ['pt', 'tf', 'flax', 'mlx'] };

export interface StoredTensor extends TensorEntry {
  /** Name of its file inside the weights' folder. */
  file: string;
}

/** One file of weights. */
export interface WeightsFile {
  /** Every tensor in it. */
  stored: readonly StoredTensor[];
}

export interface StoredWeights {
  /** Real path: the folder itself, or where its links lead, as in the library's cache. */
  folder: string;
  /** Names in the only file, or in the index. */
  announced: readonly string[];
  /** In the order in which the library loads them. */
  files: readonly WeightsFile[];
}

/** Every tensor of a folder, from the single file or else from the shards that the index names. */
export async function readWeights(directory: string, library: Library): Promise<StoredWeights> {
  const present = new Set(await readdir(directory));
  if (present.has(SINGLE)) {
    const { folder, files } = await readFiles(directory, [SINGLE], FORMATS.single, library);
    return { folder, files, announced: files.flatMap(({ stored }) => stored.map(({ name }) => name)) };
  }
  if (!present.has(INDEX)) {
    throw modelErrors.WEIGHTS_MISSING({
      found: [...present].filter((name) => /\.(bin|pt|pth|ckpt|h5|msgpack|gguf)$/.test(name)).slice(0, 5),
    });
  }
  const map = await weightMap(directory);
  const shards = shardsOf(map, present);
  return { ...(await readFiles(directory, shards, FORMATS.shard, library)), announced: map.map(([name]) => name) };
}

/** In order of names, as the library loads them. What a shard holds counts, not what the index says of it. */
function shardsOf(map: readonly [name: string, shard: string][], present: ReadonlySet<string>): string[] {
  const shards = [...new Set(map.map(([, shard]) => shard))].sort();
  if (shards.length > MAX_SHARDS) throw unusableIndex(`it names more than ${MAX_SHARDS} shards`);
  for (const shard of shards) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/.test(shard))
      throw unusableIndex('a shard is not a plain file name that ends in .safetensors');
    if (!present.has(shard)) throw unusableIndex(`shard ${shard} is missing`);
  }
  return shards;
}

async function readFiles(
  directory: string,
  names: readonly string[],
  formats: readonly string[],
  library: Library,
): Promise<Pick<StoredWeights, 'folder' | 'files'>> {
  const budget = headerBudget();
  const files: WeightsFile[] = [];
  const folders = new Set<string>();
  for (const name of names) {
    const { tensors, ...metadata } = await readSafetensorsHeader(join(directory, name), name, budget);
    requireFormat(name, metadata, formats, library);
    const path = await realpath(join(directory, name));
    folders.add(dirname(path));
    files.push({ stored: tensors.map((entry) => ({ ...entry, file: basename(path) })) });
  }
  const [folder = await realpath(directory)] = folders;
  if (folders.size > 1) throw unusableIndex('its shards are links into several folders');
  return { folder, files };
}

/** 4.57 takes a file without any metadata; 4.44 does not. @throws SAFETENSORS_FORMAT */
function requireFormat(
  file: string,
  { format, hasMetadata }: Omit<SafetensorsHeader, 'tensors'>,
  formats: readonly string[],
  library: Library,
): void {
  if (library === '5' || (library === '4.57' && !hasMetadata)) return;
  if (format === undefined || !formats.includes(format))
    throw modelErrors.SAFETENSORS_FORMAT({ file, format, formats });
}

/** Shard of each name. A name may be `__proto__`: entries keep it. */
async function weightMap(directory: string): Promise<[name: string, shard: string][]> {
  const { metadata, weight_map: map } = await readIndex(directory);
  // The library adds members to the metadata, and fails where there is none.
  if (!isRecord(metadata)) throw unusableIndex('it has no metadata');
  if (!isRecord(map)) throw unusableIndex('it has no weight_map');
  const entries = Object.entries(map).map(([name, shard]): [string, string] => {
    if (typeof shard !== 'string') throw unusableIndex('a shard is not a name');
    return [name, shard];
  });
  if (entries.length === 0) throw unusableIndex('its weight_map is empty');
  return entries;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readIndex(directory: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await readJsonObject(join(directory, INDEX), MAX_INDEX_BYTES)) ?? {};
  } catch (error) {
    if (error instanceof UnusableJson) throw unusableIndex(error.message);
    throw error;
  }
}

const unusableIndex = (reason: string): Error => modelErrors.INDEX_MALFORMED({ reason });
