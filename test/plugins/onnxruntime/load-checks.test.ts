import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembled, tinyFolder, tinyTensors } from './folders.js';
import { copyOf, errorOf, newInspector } from './worlds.js';

const CASES = join(import.meta.dirname, '../../fixtures/cases');
const { signal } = new AbortController();
let inspector: ModelInspector;
beforeAll(async () => {
  inspector = await newInspector();
});
afterAll(() => inspector.close());

type Config = Record<string, unknown>;

/** A folder of the cases with other keys in its config. */
function changed(model: string, config: Config): string {
  const folder = copyOf(join(CASES, model, 'model'));
  const path = join(folder, 'config.json');
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(Object.assign({}, given, config)));
  return folder;
}

describe('a config of which the library makes no model', () => {
  it.each<[config: Config, says: RegExp]>([
    [{ pad_token_id: 32 }, /pad_token_id/],
    [{ pad_token_id: -33 }, /pad_token_id/],
    [{ pad_token_id: 1.5 }, /pad_token_id/],
    [{ pad_token_id: true }, /pad_token_id/],
    [{ pad_token_id: [3] }, /pad_token_id/],
    [{ torch_dtype: 'auto' }, /torch_dtype/],
    [{ torch_dtype: 'torch.float32' }, /torch_dtype/],
    [{ torch_dtype: '' }, /torch_dtype/],
    [{ attention_dropout: 2 }, /attention_dropout/],
    [{ attention_dropout: 'x' }, /attention_dropout/],
    [{ attention_dropout: null }, /attention_dropout/],
    [{ pruned_heads: { 0: [0] } }, /pruned_heads/],
    [{ pruned_heads: null }, /pruned_heads/],
    [{ id2label: ['a'] }, /id2label/],
    [{ id2label: { a: 'b' } }, /id2label/],
    [{ label2id: 5 }, /label2id/],
    [{ num_labels: 'x' }, /num_labels/],
    [{ num_labels: null }, /num_labels/],
    [{ problem_type: 'regress' }, /problem_type/],
    [{ _attn_implementation: 'foo' }, /_attn_implementation/],
    [{ _attn_implementation_internal: 5 }, /_attn_implementation_internal/],
    [{ quantization_config: null }, /quantization_config/],
  ])('%j', async (config, says) => {
    const error = await errorOf(inspector.inspect(tinyFolder(config), signal));
    expect(error).toMatchObject({ code: 'CONFIG_UNSUPPORTED', fault: 'miner', retry: 'never' });
    expect(error.message).toMatch(says);
  });

  it.each<[model: string, config: Config]>([
    ['gemma-tied-both', { vocab_size: 1, pad_token_id: 1 }],
    ['bart-tied-both', { pad_token_id: 100_000 }],
    ['phi-tied-embedding-in-last-shard', { pad_token_id: 100_000 }],
    ['phi-tied-embedding-in-last-shard', { resid_pdrop: 2 }],
    ['gpt2-tied-embedding-in-last-shard', { embd_pdrop: 2 }],
    ['gpt2-tied-embedding-in-last-shard', { pad_token_id: '3' }],
    ['gptj-tied-both', { attn_pdrop: -1 }],
    ['gpt-neox-tied-embedding-in-last-shard', { hidden_dropout: 'x' }],
    ['falcon-tied-both', { hidden_dropout: 2 }],
    ['bart-tied-both', { activation_dropout: 'x' }],
  ])('%s with %j', async (model, config) => {
    await expect(errorOf(inspector.inspect(changed(model, config), signal))).resolves.toMatchObject({
      code: 'CONFIG_UNSUPPORTED',
      fault: 'miner',
    });
  });

  it.each<[model: string, config: Config]>([
    ['gpt2-tied-embedding-in-last-shard', { pad_token_id: 100_000 }],
    ['gpt-neox-tied-embedding-in-last-shard', { pad_token_id: -1 }],
    ['llama-f64', { pad_token_id: -1, torch_dtype: 5, pruned_heads: {}, id2label: { ' 1 ': 'a' }, num_labels: 'x' }],
    [
      'llama-f64',
      { pad_token_id: null, torch_dtype: 'float8_e4m3fn', problem_type: 'regression', attention_dropout: 1 },
    ],
    [
      'llama-f64',
      { _attn_implementation: 'sdpa', _attn_implementation_internal: null, architectures: [], hidden_dropout: 2 },
    ],
  ])('is not %s with %j', async (model, config) => {
    await expect(inspector.inspect(changed(model, config), signal)).resolves.toMatchObject({ unusedTensors: [] });
  });
});

describe('a model_type', () => {
  it.each<[config: Config, says: RegExp]>([
    [{ model_type: undefined }, /has no model_type/],
    [{ model_type: 5 }, /has no model_type/],
    [{ model_type: null }, /has no model_type/],
    [{ model_type: 'opt' }, /"opt" is none of those/],
    [
      { model_type: 'llava', text_config: {}, vision_config: {} },
      /wraps several models.*text_config and vision_config/,
    ],
  ])('%j', async (config, says) => {
    const error = await errorOf(inspector.inspect(tinyFolder(config), signal));
    expect(error).toMatchObject({ code: 'ARCHITECTURE_UNSUPPORTED', fault: 'miner' });
    expect(error.message).toMatch(says);
  });
});

const UP = 'model.layers.0.mlp.up_proj.weight';
type Tensor = ReturnType<typeof tinyTensors>[number];
const zeros = (name: string, dtype: string, shape: number[], bytes: number): Tensor => ({
  name,
  dtype,
  shape,
  bytes: Buffer.alloc(bytes),
});
/** The tiny Llama with other tensors in place of one matrix. */
const replaced = (...tensors: Tensor[]): string =>
  tinyFolder({}, { 'model.safetensors': assembled([...tinyTensors().filter(({ name }) => name !== UP), ...tensors]) });
const module = UP.replace('.weight', '');

describe('quantized weights', () => {
  it.each<[config: unknown, says: RegExp]>([
    [{ quant_method: 'gptq', bits: 4 }, /gptq/],
    [{ quant_method: 'awq' }, /awq/],
    [{ quant_method: 'bitsandbytes', load_in_8bit: true }, /bitsandbytes, load_in_8bit/],
    [{ load_in_4bit: true }, /bitsandbytes, load_in_4bit/],
    [{ quant_method: 'compressed-tensors' }, /compressed-tensors/],
    [{ quant_method: 'fp8' }, /fp8/],
    [{}, /no method is named/],
    ['gptq', /no method is named/],
    [false, /no method is named/],
  ])('by a config of %j', async (given, says) => {
    const error = await errorOf(inspector.inspect(tinyFolder({ quantization_config: given }), signal));
    expect(error).toMatchObject({ code: 'WEIGHTS_QUANTIZED', fault: 'miner', retry: 'never' });
    expect(error.message).toMatch(says);
  });

  it.each<[what: string, folder: () => string, says: RegExp]>([
    [
      'GPTQ',
      () => replaced(zeros(`${module}.qweight`, 'I32', [1, 12], 48), zeros(`${module}.g_idx`, 'I32', [8], 32)),
      /GPTQ/,
    ],
    ['AWQ', () => replaced(zeros(`${module}.qweight`, 'I32', [8, 2], 64)), /GPTQ or AWQ/],
    [
      'bitsandbytes, 8 bits',
      () => replaced(zeros(UP, 'I8', [12, 8], 96), zeros(`${module}.SCB`, 'F32', [12], 48)),
      /8 bits/,
    ],
    [
      'bitsandbytes, 4 bits',
      () => replaced(zeros(UP, 'U8', [48, 1], 48), zeros(`${UP}.absmax`, 'F32', [2], 8)),
      /bitsandbytes, 4 bits/,
    ],
    ['4 bits without a sign of the method', () => replaced(zeros(UP, 'U8', [48, 1], 48)), /packed 8-bit/],
    ['compressed-tensors', () => replaced(zeros(`${module}.weight_packed`, 'I32', [12, 1], 48)), /compressed-tensors/],
    ['FP8', () => replaced(zeros(UP, 'F8_E4M3', [12, 8], 96)), /FP8/],
    [
      'FP8 with scales',
      () => replaced(zeros(UP, 'F8_E4M3', [12, 8], 96), zeros(`${UP}_scale_inv`, 'F32', [1], 4)),
      /by block/,
    ],
    ['HQQ', () => replaced(zeros(`${module}.W_q`, 'U8', [48], 48)), /HQQ/],
    ['AQLM', () => replaced(zeros(`${module}.codes`, 'I8', [12], 12)), /AQLM/],
    ['MLX', () => replaced(zeros(UP, 'U32', [12, 1], 48), zeros(`${module}.scales`, 'F16', [12], 24)), /scales/],
  ])('by their tensors: %s', async (_what, folder, says) => {
    const error = await errorOf(inspector.inspect(folder(), signal));
    expect(error).toMatchObject({ code: 'WEIGHTS_QUANTIZED', fault: 'miner' });
    expect(error.message).toMatch(says);
  });

  it('are not suspected where every weight is there as a float', async () => {
    const extra = zeros(`${module}.g_idx`, 'I32', [8], 32);
    const folder = tinyFolder({}, { 'model.safetensors': assembled([...tinyTensors(), extra]) });
    await expect(inspector.inspect(folder, signal)).resolves.toMatchObject({ unusedTensors: [extra.name] });
  });
});
