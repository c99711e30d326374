import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explainFiles } from '@assay/core/model/explain-files';
import { filesThatCount } from '@assay/core/model/files-that-count';

const llama = { model_type: 'llama' };
const listOf = (paths: readonly string[]): { path: string; size: number }[] => paths.map((path) => ({ path, size: 1 }));

it.each<[path: string, counts: boolean, why: RegExp]>([
  ['config.json', true, /reads the config/],
  ['config.4.0.0.json', false, /configuration_files/],
  ['model.safetensors', true, /loads the weights/],
  ['other.safetensors', false, /no other weights beside/],
  ['model.safetensors.index.json', false, /no other weights beside/],
  ['generation_config.json', true, /generates/],
  ['tokenizer.model', true, /tokenizer is loaded/],
  ['tokenizer_config.json', true, /tokenizer is loaded/],
  ['vocab.json', false, /class of the tokenizer/],
  ['pytorch_model.bin', false, /never opened/],
  ['onnx/model.onnx', false, /never opened/],
  ['modeling_mine.py', false, /never executed/],
  ['sub/model.safetensors', false, /in a folder/],
  ['README.md', false, /does not read it/],
])('%s: counts %s', (path, counts, why) => {
  const files = listOf([...new Set(['config.json', 'model.safetensors', path])]);
  const found = explainFiles(files, { config: llama }).find((one) => one.path === path);
  expect(found).toEqual({ path, counts, why: expect.stringMatching(why) as string });
});

it('tells shards that the index names from others, and the config of this version', () => {
  const config = { ...llama, configuration_files: ['config.4.0.0.json'] };
  const index = { weight_map: { a: 'a.safetensors' } };
  const paths = ['a.safetensors', 'b.safetensors', 'config.4.0.0.json', 'config.json', 'model.safetensors.index.json'];
  expect(explainFiles(listOf(paths), { config, index }).map(({ counts, why }) => [counts, why])).toEqual([
    [true, 'the index names it as a shard of the weights'],
    [false, 'model.safetensors.index.json does not name it'],
    [true, 'config.json names it as the config for this version of the library'],
    [true, 'the library reads the config from it'],
    [true, 'it names the shards with the weights'],
  ]);
});

it('says of no file something else than what is hashed', () => {
  const names = ['a.safetensors', 'b.safetensors', 'model.safetensors', 'tokenizer.json', 'vocab.json', 'merges.txt'];
  const others = ['generation_config.json', 'config.4.0.0.json', 'added_tokens.json', 'x.py', 'm.bin', 'README.md'];
  const types = fc.constantFrom('llama', 'gpt2', 'falcon', 'unknown');
  fc.assert(
    fc.property(fc.subarray([...names, ...others]), types, fc.subarray(['a.safetensors']), (some, type, shards) => {
      const files = listOf([...some, 'config.json', 'model.safetensors.index.json', ...shards]).filter(
        ({ path }, at, all) => all.findIndex((other) => other.path === path) === at,
      );
      const index = { weight_map: Object.fromEntries(shards.map((shard) => [shard, shard])) };
      const documents = { config: { model_type: type }, index };
      const counted = filesThatCount(files, documents).map(({ path }) => path);
      const explained = explainFiles(files, documents);
      expect(explained.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
      expect(explained.flatMap(({ path, counts }) => (counts ? path : [])).sort()).toEqual(counted.sort());
    }),
  );
});
