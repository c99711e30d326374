import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembled, tinyFolder, tinyTensors } from './folders.js';
import { copyOf, DEMO, FIXTURES, newInspector } from './worlds.js';

const { signal } = new AbortController();
let inspector: ModelInspector;

beforeAll(async () => {
  inspector = await newInspector();
});
afterAll(() => inspector.close());

const inspect = (directory: string): Promise<ModelFacts> => inspector.inspect(directory, signal);

/** The model with keys of one of its JSON files set; undefined removes a key. */
function changed(directory: string, file: string, keys: Record<string, unknown>): string {
  const copy = copyOf(directory);
  const given: unknown = JSON.parse(readFileSync(join(copy, file), 'utf8'));
  writeFileSync(join(copy, file), JSON.stringify({ ...(typeof given === 'object' ? given : {}), ...keys }));
  return copy;
}

describe('identity of a model', () => {
  const llama = join(DEMO, 'llama-2000steps');

  it('is the same for a copy, and for the same tensors in another order with reordered config keys', async () => {
    const [original, copy, reordered] = await Promise.all(
      ['llama-2000steps', 'llama-2000-copy', 'llama-2000-reordered'].map((name) => inspect(join(DEMO, name))),
    );
    expect(copy).toEqual(original);
    expect(reordered).toEqual(original);
  });

  it('differs where a weight does', async () => {
    const [original, noised] = await Promise.all(
      ['llama-2000steps', 'llama-2000-noised'].map((name) => inspect(join(DEMO, name))),
    );
    expect(noised?.tensorsDigest).not.toBe(original?.tensorsDigest);
    expect(noised?.evaluationDigest).not.toBe(original?.evaluationDigest);
  });

  it('is the same whatever old names the tensors have, and wherever they lie', async () => {
    const plain = tinyTensors();
    const old = plain.map((tensor) => ({ ...tensor, name: tensor.name.replace('norm.weight', 'norm.gamma') }));
    const shard = (tensors: typeof plain, part: number): Buffer =>
      assembled(tensors.filter((_tensor, index) => index % 2 === part));
    const folders = [
      tinyFolder(),
      tinyFolder({}, { 'model.safetensors': assembled(old) }),
      tinyFolder(
        {},
        {
          'model.safetensors': undefined,
          'model.safetensors.index.json': {
            metadata: {},
            weight_map: { 'model.a': 'a.safetensors', 'model.b': 'b.safetensors' },
          },
          'a.safetensors': shard(old, 0),
          'b.safetensors': shard(plain, 1),
        },
      ),
    ];
    const [first, ...others] = await Promise.all(folders.map(inspect));
    for (const other of others) expect(other).toEqual(first);
  });

  it('is that of the tensor that counts', async () => {
    const second = { name: 'model.norm.gamma', dtype: 'F32', shape: [8], bytes: Buffer.alloc(32) };
    const replaced = tinyTensors().map((tensor) =>
      tensor.name === 'model.norm.weight' ? { ...tensor, ...second } : tensor,
    );
    const [plain, both, only] = await Promise.all(
      [tinyTensors(), [...tinyTensors(), second], replaced].map((tensors) =>
        inspect(tinyFolder({}, { 'model.safetensors': assembled(tensors) })),
      ),
    );
    expect(both?.evaluationDigest).toBe(only?.evaluationDigest);
    expect(both?.evaluationDigest).not.toBe(plain?.evaluationDigest);
  });

  it.each([
    ['config.json', { rope_theta: 20_000 }],
    ['config.json', { rms_norm_eps: 1e-5 }],
    ['generation_config.json', { repetition_penalty: 1.5 }],
    ['generation_config.json', { eos_token_id: [1, 1023] }],
  ])('the same tensors under another %s %j are another model', async (file, keys) => {
    const [original, other] = [await inspect(llama), await inspect(changed(llama, file, keys))];
    expect(other.tensorsDigest).toBe(original.tensorsDigest);
    expect(other.evaluationDigest).not.toBe(original.evaluationDigest);
  });

  it.each([
    [
      'config.json',
      { architectures: ['Liar'], torch_dtype: 'float64', pretraining_tp: 4, auto_map: { AutoModel: 'evil.py' } },
    ],
    ['config.json', { rope_scaling: null, num_key_value_heads: 2 }],
    ['generation_config.json', { pad_token_id: 3, min_length: 4, max_length: 5 }],
    ['generation_config.json', { temperature: 0.3, transformers_version: '0.0.1' }],
  ])('what changes no number is not part of it: %s %j', async (file, keys) => {
    expect((await inspect(changed(llama, file, keys))).evaluationDigest).toBe((await inspect(llama)).evaluationDigest);
  });

  it('facts', async () => {
    expect(await inspect(llama)).toMatchObject({
      architecture: 'LlamaForCausalLM',
      parameterCount: 475_776,
      vocabularySize: 1024,
      dtypes: ['BF16'],
      unusedTensors: [],
    });
    expect(await inspect(join(FIXTURES, 'gpt2-default'))).toMatchObject({
      architecture: 'GPT2LMHeadModel',
      maxPositions: 256,
    });
  });
});
