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

/** Whether a file has a format of weights that is never opened: many of them run code when they are. */
export const isNeverOpened = (path: string): boolean => NEVER_OPENED.test(path);

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
  return [...countedPaths(files, documents).keys()].flatMap((path) => present.get(path) ?? []);
}

/**
 * Every path that counts where a repo has it, with the reason, in the order in which the library opens them.
 * @throws NO_SAFETENSORS, REPO_FILE_INVALID
 */
export function countedPaths(files: readonly RepoFile[], documents: RepoDocuments): ReadonlyMap<string, string> {
  const present = new Set(files.map(({ path }) => path));
  const { config, versionedConfig = config, tokenizerConfig, index } = documents;
  const effective = configFile(config);
  return new Map([
    [CONFIG, 'the library reads the config from it'],
    ...(effective === CONFIG
      ? []
      : ([[effective, `${CONFIG} names it as the config for this version of the library`]] as const)),
    ...weightFiles(present, index),
    ['generation_config.json', 'the library reads from it how the model generates'],
    ...tokenizerFiles(versionedConfig, tokenizerConfig).map((path): Reason => [
      path,
      'the tokenizer is loaded from it',
    ]),
  ]);
}

type Reason = [path: string, why: string];

function weightFiles(present: ReadonlySet<string>, index: JsonObject | undefined): Reason[] {
  if (present.has(WEIGHTS)) return [[WEIGHTS, 'the library loads the weights from it']];
  if (!present.has(INDEX)) {
    const names = [...present].filter(isNeverOpened);
    throw verificationErrors.NO_SAFETENSORS({ files: names.slice(0, 5).map((name) => name.slice(0, 200)) });
  }
  const map = index?.['weight_map'];
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw indexInvalid('it has no weight_map');
  const shards = [...new Set(Object.values(map))].map((shard) => shardOf(shard, present));
  return [
    [INDEX, 'it names the shards with the weights'],
    ...shards.map((shard): Reason => [shard, 'the index names it as a shard of the weights']),
  ];
}

function shardOf(shard: unknown, present: ReadonlySet<string>): string {
  if (typeof shard !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.safetensors$/.test(shard))
    throw indexInvalid('a shard is not a plain file name');
  if (!present.has(shard)) throw indexInvalid(`shard ${shard} is missing`);
  return shard;
}

const indexInvalid = (reason: string): Error => verificationErrors.REPO_FILE_INVALID({ path: INDEX, reason });
