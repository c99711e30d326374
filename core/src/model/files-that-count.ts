import type { RepoDocuments } from '../contracts/commitment-scheme.js';
import type { RepoFile } from '../contracts/model.js';
import { verificationErrors } from './errors.js';
import type { JsonObject } from './json-object.js';
import { tokenizerFiles } from './tokenizer-files.js';
import { versionedFile } from './versioned-file.js';

export const CONFIG = 'config.json';
export const INDEX = 'model.safetensors.index.json';
export const WEIGHTS = 'model.safetensors';
const NEVER_OPENED = /\.(bin|pt|pth|ckpt|h5|msgpack|pickle|pkl|gguf|onnx)$/;

/** Name of the file that the library takes the config from. @throws REPO_FILE_INVALID where the library raises */
export function configFile(config: JsonObject): string {
  if (!('configuration_files' in config)) return CONFIG;
  const name = versionedFile(config['configuration_files'], CONFIG);
  if (name === undefined)
    throw verificationErrors.REPO_FILE_INVALID({ path: CONFIG, reason: 'configuration_files is no list of versions' });
  return name;
}

/**
 * The files of a repo that the library leaves in its folder after loading model and tokenizer, and that are therefore
 * hashed. Never a README, a pickle or code.
 * @throws NO_SAFETENSORS, REPO_FILE_INVALID
 */
export function filesThatCount(files: readonly RepoFile[], documents: RepoDocuments): RepoFile[] {
  const present = new Map(files.map((file) => [file.path, file]));
  const { config, versionedConfig = config, tokenizerConfig, index } = documents;
  const paths = [
    CONFIG,
    configFile(config),
    ...weightFiles(present, index),
    'generation_config.json',
    ...tokenizerFiles(versionedConfig, tokenizerConfig),
  ];
  return [...new Set(paths)].flatMap((path) => present.get(path) ?? []);
}

function weightFiles(present: ReadonlyMap<string, RepoFile>, index: JsonObject | undefined): string[] {
  if (present.has(WEIGHTS)) return [WEIGHTS];
  if (!present.has(INDEX)) {
    const names = [...present.keys()].filter((path) => NEVER_OPENED.test(path));
    throw verificationErrors.NO_SAFETENSORS({ files: names.slice(0, 5).map((name) => name.slice(0, 200)) });
  }
  const map = index?.['weight_map'];
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw indexInvalid('it has no weight_map');
  return [INDEX, ...[...new Set(Object.values(map))].map((shard) => shardOf(shard, present))];
}

function shardOf(shard: unknown, present: ReadonlyMap<string, RepoFile>): string {
  if (typeof shard !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.safetensors$/.test(shard))
    throw indexInvalid('a shard is not a plain file name');
  if (!present.has(shard)) throw indexInvalid(`shard ${shard} is missing`);
  return shard;
}

const indexInvalid = (reason: string): Error => verificationErrors.REPO_FILE_INVALID({ path: INDEX, reason });
