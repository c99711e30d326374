import type { RepoFile } from '../contracts/model.js';
import { verificationErrors } from './errors.js';

export const CONFIG = 'config.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';
const WEIGHTS = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
const NEVER_OPENED = /\.(bin|pt|pth|ckpt|h5|msgpack|pickle|pkl|gguf|onnx)$/;
/** Version of the library that the reference runs: it picks versioned files up to it. */
const LIBRARY_VERSION = [4, 44, 1] as const;

/** Vocabulary files that the library loads for a tokenizer class or model type, beside tokenizer.json. */
const VOCABULARY_FILES: readonly { files: readonly string[]; names: readonly string[] }[] = [
  { files: ['tokenizer.model'], names: ['llama', 'gemma', 'gemma2', 'LlamaTokenizer', 'LlamaTokenizerFast', 'GemmaTokenizer', 'GemmaTokenizerFast'] },
  {
    files: ['vocab.json', 'merges.txt'],
    names: [
      'gpt2', 'qwen2', 'bart', 'phi', 'gptj', 'gpt_neox',
      'GPT2Tokenizer', 'GPT2TokenizerFast', 'Qwen2Tokenizer', 'Qwen2TokenizerFast', 'BartTokenizer', 'BartTokenizerFast',
      'CodeGenTokenizer', 'CodeGenTokenizerFast', 'GPTNeoXTokenizerFast',
    ],
  },
];
/** Model types whose tokenizer is Llama's where nothing else is said. */
const LLAMA_TOKENIZED = new Set(['mistral', 'llama']);

export type JsonObject = Readonly<Record<string, unknown>>;

/** The small files that decide what else counts; those that the repo has. */
export interface RepoDocuments {
  config: JsonObject;
  tokenizerConfig?: JsonObject;
  index?: JsonObject;
}

/**
 * The files of a repo that the library leaves in its folder after loading model and tokenizer, and that are therefore
 * hashed. Never a README, a pickle or code.
 * @throws NO_SAFETENSORS, REPO_FILE_INVALID, DUPLICATE_FILES is the caller's
 */
export function filesThatCount(files: readonly RepoFile[], documents: RepoDocuments): RepoFile[] {
  const present = new Map(files.map((file) => [file.path, file]));
  const { config, tokenizerConfig, index } = documents;
  const paths = [
    CONFIG,
    ...versioned(config['configuration_files'], CONFIG),
    ...weightFiles(present, index),
    'generation_config.json',
    ...tokenizerFiles(config, tokenizerConfig),
  ];
  const unique = [...new Set(paths)];
  return unique.flatMap((path) => present.get(path) ?? []);
}

function weightFiles(present: ReadonlyMap<string, RepoFile>, index: JsonObject | undefined): string[] {
  if (present.has(WEIGHTS)) return [WEIGHTS];
  if (!present.has(INDEX)) {
    const names = [...present.keys()].filter((path) => NEVER_OPENED.test(path));
    throw verificationErrors.NO_SAFETENSORS({ files: names.slice(0, 5) });
  }
  const map = index?.['weight_map'];
  if (typeof map !== 'object' || map === null) throw verificationErrors.REPO_FILE_INVALID({ path: INDEX, reason: 'it has no weight_map' });
  const shards = [...new Set(Object.values(map))];
  return [INDEX, ...shards.map((shard) => shardOf(shard, present))];
}

function shardOf(shard: unknown, present: ReadonlyMap<string, RepoFile>): string {
  const refuse = (reason: string): never => {
    throw verificationErrors.REPO_FILE_INVALID({ path: INDEX, reason });
  };
  if (typeof shard !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/.test(shard)) return refuse('a shard is not a plain file name');
  return present.has(shard) ? shard : refuse(`shard ${shard} is missing`);
}

function tokenizerFiles(config: JsonObject, tokenizerConfig: JsonObject | undefined): string[] {
  const ofClass = [tokenizerConfig?.['tokenizer_class'], config['tokenizer_class'], config['model_type']].find((name) => typeof name === 'string');
  const name = typeof ofClass === 'string' && LLAMA_TOKENIZED.has(ofClass) ? 'llama' : ofClass;
  const vocabulary = VOCABULARY_FILES.find(({ names }) => typeof name === 'string' && names.includes(name))?.files ?? [];
  const [fast = 'tokenizer.json'] = versioned(tokenizerConfig?.['fast_tokenizer_files'], 'tokenizer.json');
  return [TOKENIZER_CONFIG, fast, 'added_tokens.json', 'special_tokens_map.json', ...vocabulary];
}

/** Of names like `config.4.0.0.json` the one of the highest version that the library has reached. */
function versioned(names: unknown, base: string): string[] {
  if (!Array.isArray(names)) return [];
  const [stem, extension] = [base.slice(0, base.lastIndexOf('.')), base.slice(base.lastIndexOf('.'))];
  const reached = names.slice(0, 100).flatMap((name): { name: string; version: number[] }[] => {
    if (typeof name !== 'string' || !name.startsWith(`${stem}.`) || !name.endsWith(extension)) return [];
    const match = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})$/.exec(name.slice(stem.length + 1, -extension.length));
    const version = match ? match.slice(1).map(Number) : [];
    return match && compareVersions(version, LIBRARY_VERSION) <= 0 ? [{ name, version }] : [];
  });
  const newest = reached.sort((a, b) => compareVersions(b.version, a.version))[0];
  return newest ? [newest.name] : [];
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let part = 0; part < 3; part += 1) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
