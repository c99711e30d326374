import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { modelErrors } from '../errors.js';
import { UnusableJson } from '@assay/core/model/json-object';
import { readJsonObject } from './read-json.js';
import { headerBudget, readSafetensorsHeader, type HeaderBudget, type TensorEntry } from './safetensors.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_INDEX_BYTES = 16 * 1024 * 1024;
const MAX_SHARDS = 1000;

export interface StoredTensor extends TensorEntry {
  /** Name of its file inside the weights' folder. */
  file: string;
}

export interface StoredWeights {
  /** Real path: the folder itself, or where its links lead, as in the library's cache. */
  folder: string;
  tensors: Map<string, StoredTensor>;
}

/** Every tensor of a folder by name, from the single file or else from the shards that the index names. */
export async function readWeights(directory: string): Promise<StoredWeights> {
  const tensors = await namedTensors(directory);
  const names = [...new Set([...tensors.values()].map(({ file }) => file))];
  const paths = new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => [name, await realpath(join(directory, name))]),
    ),
  );
  const folders = [...new Set([...paths.values()].map(dirname))];
  const [folder = await realpath(directory)] = folders;
  if (folders.length > 1) throw modelErrors.INDEX_MALFORMED({ reason: 'its shards are links into several folders' });
  const real = (tensor: StoredTensor): StoredTensor => ({
    ...tensor,
    file: basename(paths.get(tensor.file) ?? tensor.file),
  });
  return { folder, tensors: new Map([...tensors].map(([name, tensor]) => [name, real(tensor)])) };
}

async function namedTensors(directory: string): Promise<Map<string, StoredTensor>> {
  const present = new Set(await readdir(directory));
  if (present.has(SINGLE)) return byName(await tensorsOf(directory, SINGLE));
  if (!present.has(INDEX)) {
    throw modelErrors.WEIGHTS_MISSING({
      found: [...present].filter((name) => /\.(bin|pt|pth|ckpt|h5|msgpack)$/.test(name)).slice(0, 5),
    });
  }
  return readShards(directory, present);
}

async function readShards(directory: string, present: ReadonlySet<string>): Promise<Map<string, StoredTensor>> {
  const refuse = (reason: string): never => {
    throw modelErrors.INDEX_MALFORMED({ reason });
  };
  const map = await weightMap(directory, refuse);
  const shards = [...new Set(Object.values(map))];
  if (shards.length > MAX_SHARDS) refuse(`it names more than ${MAX_SHARDS} shards`);
  const all: StoredTensor[] = [];
  const budget = headerBudget();
  for (const shard of shards) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/.test(shard)) refuse('a shard is not a plain file name');
    if (!present.has(shard)) refuse(`shard ${shard} is missing`);
    for (const tensor of await tensorsOf(directory, shard, budget)) all.push(tensor);
  }
  const tensors = byName(all);
  for (const [name, shard] of Object.entries(map)) {
    if (tensors.get(name)?.file !== shard) refuse(`tensor ${name} is not in the shard that the index names`);
  }
  return tensors;
}

async function weightMap(directory: string, refuse: (reason: string) => never): Promise<Record<string, string>> {
  let index: Record<string, unknown> | undefined;
  try {
    index = await readJsonObject(join(directory, INDEX), MAX_INDEX_BYTES);
  } catch (error) {
    if (error instanceof UnusableJson) refuse(error.message);
    throw error;
  }
  const map = index?.['weight_map'];
  if (typeof map !== 'object' || map === null) return refuse('it has no weight_map');
  const entries = Object.entries(map);
  if (entries.length === 0) return refuse('its weight_map is empty');
  return Object.fromEntries(
    entries.map(([name, shard]): [string, string] =>
      typeof shard === 'string' ? [name, shard] : refuse('a shard is not a name'),
    ),
  );
}

async function tensorsOf(directory: string, file: string, budget?: HeaderBudget): Promise<StoredTensor[]> {
  const tensors = await readSafetensorsHeader(join(directory, file), file, budget);
  return tensors.map((tensor) => ({ ...tensor, file }));
}

function byName(tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  for (const tensor of tensors) {
    if (found.has(tensor.name)) throw modelErrors.INDEX_MALFORMED({ reason: `tensor ${tensor.name} is in two shards` });
    found.set(tensor.name, tensor);
  }
  return found;
}
