import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RepoDocuments } from '@assay/core/contracts/commitment-scheme';
import { configFile, filesThatCount } from '@assay/core/model/files-that-count';
import type { JsonObject } from '@assay/core/model/json-object';
import { tokenizerFiles } from '@assay/core/model/tokenizer-files';
import { versionedFile } from '@assay/core/model/versioned-file';

const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'] };

function counted(paths: readonly string[], documents: Partial<RepoDocuments> = {}): string[] {
  const files = paths.map((path) => ({ path, size: 1 }));
  return filesThatCount(files, { config: llama, ...documents }).map(({ path }) => path);
}

const indexOf = (...shards: readonly unknown[]): JsonObject => ({
  weight_map: Object.fromEntries(shards.map((shard, at) => [`tensor.${at}`, shard])),
});

describe('filesThatCount', () => {
  it.each<[string, string[], Partial<RepoDocuments>, string[]]>([
    [
      'what save_pretrained writes',
      ['config.json', 'generation_config.json', 'model.safetensors'],
      {},
      ['config.json', 'generation_config.json', 'model.safetensors'],
    ],
    [
      'never a README, a pickle, code or another format',
      [
        '.gitattributes',
        'README.md',
        'config.json',
        'model.gguf',
        'model.safetensors',
        'modeling_x.py',
        'onnx/model.onnx',
        'pytorch_model.bin',
        'training_args.bin',
      ],
      {},
      ['config.json', 'model.safetensors'],
    ],
    [
      'one file rather than shards, whose index is not even looked at',
      ['config.json', 'model-00001-of-00001.safetensors', 'model.safetensors', 'model.safetensors.index.json'],
      {},
      ['config.json', 'model.safetensors'],
    ],
    [
      'the shards that the index names, and no others',
      ['a.safetensors', 'b.safetensors', 'c.safetensors', 'config.json', 'model.safetensors.index.json'],
      { index: indexOf('b.safetensors', 'a.safetensors', 'b.safetensors') },
      ['a.safetensors', 'b.safetensors', 'config.json', 'model.safetensors.index.json'],
    ],
    [
      'the tokenizer of the class that tokenizer_config names',
      [
        'config.json',
        'merges.txt',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer.model',
        'tokenizer_config.json',
        'vocab.json',
      ],
      { tokenizerConfig: { tokenizer_class: 'GPT2Tokenizer' } },
      ['config.json', 'merges.txt', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.json'],
    ],
    [
      'a versioned config beside the config',
      ['config.4.0.0.json', 'config.9.0.0.json', 'config.json', 'model.safetensors'],
      { config: { ...llama, configuration_files: ['config.4.0.0.json', 'config.9.0.0.json'] } },
      ['config.4.0.0.json', 'config.json', 'model.safetensors'],
    ],
    [
      'only what lies at the top',
      ['config.json', 'model.safetensors', 'sub/generation_config.json'],
      {},
      ['config.json', 'model.safetensors'],
    ],
  ])('takes %s', (_name, paths, documents, expected) => {
    expect(counted(paths, documents).sort()).toEqual(expected);
  });

  it.each([
    ['pickles only', ['config.json', 'pytorch_model.bin'], ['pytorch_model.bin']],
    ['no weights at all', ['config.json'], []],
    ['weights in a folder', ['config.json', 'sub/model.safetensors'], []],
  ])('refuses %s', (_name, paths, files) => {
    expect(() => counted(paths)).toThrow(
      expect.objectContaining({ code: 'NO_SAFETENSORS', fault: 'miner', payload: { files } }),
    );
  });

  it.each<[string, JsonObject | undefined]>([
    ['has no map', {}],
    ['has a list for a map', { weight_map: ['a.safetensors'] }],
    ['names a shard that is missing', indexOf('missing.safetensors')],
    ['names a shard outside', indexOf('../a.safetensors')],
    ['names an absolute shard', indexOf('/a.safetensors')],
    ['names a shard in a folder', indexOf('sub/a.safetensors')],
    ['names a pickle', indexOf('pytorch_model.bin')],
    ['names no text', indexOf(1)],
    ['cannot be read', undefined],
  ])('refuses an index that %s', (_name, index) => {
    const paths = [
      'config.json',
      'model.safetensors.index.json',
      'a.safetensors',
      'sub/a.safetensors',
      'pytorch_model.bin',
    ];
    const act = (): string[] => counted(paths, index ? { index } : {});
    expect(act).toThrow(expect.objectContaining({ code: 'REPO_FILE_INVALID', fault: 'miner' }));
  });

  it('is quick with an index of many tensors and shards', () => {
    const shards = Array.from({ length: 20_000 }, (_none, at) => `s${at}.safetensors`);
    const index = indexOf(...shards, ...shards, ...shards, ...shards, ...shards);
    const before = performance.now();
    expect(counted(['config.json', 'model.safetensors.index.json', ...shards], { index })).toHaveLength(20_002);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('takes files that the repo has, each once, or blames the miner, whatever the documents say', () => {
    const paths = [
      'config.json',
      'model.safetensors.index.json',
      'a.safetensors',
      'tokenizer.json',
      'tokenizer.4.0.json',
    ];
    const document = fc.dictionary(
      fc.constantFrom(
        'weight_map',
        'tokenizer_class',
        'model_type',
        'configuration_files',
        'fast_tokenizer_files',
        '__proto__',
        'constructor',
      ),
      fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
    );
    fc.assert(
      fc.property(document, document, document, (config, tokenizerConfig, index) => {
        try {
          const found = counted(paths, { config, versionedConfig: config, tokenizerConfig, index });
          expect(paths).toEqual(expect.arrayContaining(found));
          expect(new Set(found).size).toBe(found.length);
        } catch (error) {
          expect(error).toMatchObject({ fault: 'miner' });
        }
      }),
    );
  });
});

const PLAIN = ['tokenizer_config.json', 'tokenizer.json', 'added_tokens.json', 'special_tokens_map.json'];
const PAIRS = [...PLAIN, 'vocab.json', 'merges.txt'];
const PIECES = [...PLAIN, 'tokenizer.model'];
const FIRST = ['tokenizer_config.json'];

describe('tokenizerFiles', () => {
  it.each<[JsonObject, JsonObject | null | undefined, string[]]>([
    // By model type.
    [{ model_type: 'llama' }, undefined, PIECES],
    [{ model_type: 'mistral' }, undefined, PIECES],
    [{ model_type: 'gemma' }, undefined, PIECES],
    [{ model_type: 'gemma2' }, undefined, PIECES],
    [{ model_type: 'gpt2' }, undefined, PAIRS],
    [{ model_type: 'gptj' }, undefined, PAIRS],
    [{ model_type: 'gpt_neox' }, undefined, PAIRS],
    [{ model_type: 'qwen2' }, undefined, PAIRS],
    [{ model_type: 'bart' }, undefined, PAIRS],
    [{ model_type: 'phi' }, undefined, PAIRS],
    [{ model_type: 'falcon' }, undefined, PLAIN],
    // tokenizer_config first, then config, then the type.
    [{ model_type: 'llama', tokenizer_class: 'GPT2Tokenizer' }, undefined, PAIRS],
    [{ model_type: 'llama', tokenizer_class: 'GPT2Tokenizer' }, {}, PAIRS],
    [{ model_type: 'llama', tokenizer_class: 'GPT2Tokenizer' }, { tokenizer_class: 'PreTrainedTokenizerFast' }, PLAIN],
    [{ model_type: 'llama', tokenizer_class: null }, { tokenizer_class: null }, PIECES],
    [{ model_type: 'gpt2' }, { tokenizer_class: 'LlamaTokenizerFast' }, PIECES],
    [{ model_type: 'llama' }, { tokenizer_class: 'CodeGenTokenizer' }, PAIRS],
    [{ model_type: 'llama' }, { tokenizer_class: 'GPTNeoXTokenizerFast' }, PAIRS],
    // What the library raises on leaves what it has fetched by then.
    [{ model_type: 'llama' }, null, FIRST],
    [{ model_type: 'llama' }, { tokenizer_class: 'NoSuchTokenizer' }, FIRST],
    [{ model_type: 'llama' }, { tokenizer_class: '' }, FIRST],
    [{ model_type: 'llama' }, { tokenizer_class: 7 }, FIRST],
    [{ model_type: 'unknown' }, undefined, FIRST],
    [{ model_type: 'falcon' }, { fast_tokenizer_files: ['tokenizer.x.json'] }, FIRST],
    [{ model_type: 'falcon' }, { fast_tokenizer_files: null }, FIRST],
    [
      { model_type: 'falcon' },
      { fast_tokenizer_files: ['tokenizer.4.0.0.json', 'tokenizer.5.0.0.json'] },
      PLAIN.with(1, 'tokenizer.4.0.0.json'),
    ],
  ])('of %j and %j', (config, tokenizerConfig, expected) => {
    expect(tokenizerFiles(config, tokenizerConfig)).toEqual(expected);
  });
});

describe('versionedFile', () => {
  it.each<[unknown, string | undefined]>([
    [[], 'config.json'],
    [['config.json', 'other.4.0.0.json'], 'config.json'],
    [['config.4.0.0.json'], 'config.4.0.0.json'],
    [['config.4.44.1.json', 'config.4.44.2.json'], 'config.4.44.1.json'],
    [['config.4.44.json'], 'config.4.44.json'],
    [['config.5.json'], 'config.json'],
    // As strings: 10 comes before 5, and behind the first one that is newer nothing is looked at.
    [['config.4.10.0.json', 'config.4.5.0.json'], 'config.4.5.0.json'],
    [['config.10.0.0.json', 'config.4.0.0.json'], 'config.json'],
    [['sub/config.4.0.0.json'], 'sub/config.4.0.0.json'],
    [['config.newest.json'], undefined],
    [['config.10.0.0.json', 'config.newest.json'], 'config.json'],
    [{ 'config.4.0.0.json': 1 }, 'config.4.0.0.json'],
    ['config.4.0.0.json', 'config.json'],
    [null, undefined],
    [4, undefined],
    [[4], undefined],
  ])('of %j', (names, expected) => {
    expect(versionedFile(names, 'config.json')).toBe(expected);
  });

  it('blames the miner for what the library raises on', () => {
    expect(() => configFile({ configuration_files: 4 })).toThrow(
      expect.objectContaining({ code: 'REPO_FILE_INVALID' }),
    );
    expect(configFile({})).toBe('config.json');
  });
});
