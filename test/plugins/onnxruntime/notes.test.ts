import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import plugin from '@assay/plugin-onnxruntime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyFolder } from './folders.js';
import { newEvaluator, newInspector } from './worlds.js';

const { signal } = new AbortController();
let inspector: ModelInspector;
let evaluator: Evaluator;

beforeAll(async () => {
  [inspector, evaluator] = await Promise.all([newInspector(), newEvaluator({ library: 4.44 })]);
});
afterAll(async () => {
  await Promise.all([inspector.close(), evaluator.close()]);
});

const OPTIONS = [plugin.provides.evaluator, plugin.provides.inspector].flatMap((one) => (one ? [one.options] : []));

const plain = { rope_type: 'default', rope_theta: 500_000 };
const linear = { rope_type: 'linear', factor: 2, rope_theta: 10_000 };
const MISTRAL = { model_type: 'mistral' };

describe('a model whose files say what the library does not read', () => {
  it.each<[what: string, said: Record<string, unknown>, base: Record<string, unknown>, named: string[]]>([
    ['nothing of the kind', {}, {}, []],
    ['rope_parameters alone', { rope_parameters: plain }, {}, ['rope_parameters']],
    ['rope_parameters that scale', { rope_parameters: linear }, {}, ['rope_parameters']],
    ['rope_parameters of each kind of layer', { rope_parameters: { full_attention: plain } }, {}, ['rope_parameters']],
    ['rope_parameters beside the same theta', { rope_parameters: plain }, { rope_theta: 500_000 }, []],
    ['rope_parameters beside another theta', { rope_parameters: plain }, { rope_theta: 10 }, ['rope_parameters']],
    [
      'rope_parameters beside the same scaling',
      { rope_parameters: linear },
      { rope_scaling: { rope_type: 'linear', factor: 2 } },
      [],
    ],
    ['rope_parameters that say the default', { rope_parameters: { ...plain, rope_theta: 10_000 } }, {}, []],
    ['rope_parameters that are null', { rope_parameters: null }, {}, []],
    ['scaling in Mistral', { rope_scaling: { type: 'linear', factor: 2 } }, MISTRAL, ['rope_scaling']],
    ['no scaling in Mistral', { rope_scaling: null, attention_bias: false }, MISTRAL, []],
    [
      'scaling and biases in Mistral',
      { rope_scaling: { type: 'yarn' }, attention_bias: true },
      MISTRAL,
      ['rope_scaling', 'attention_bias'],
    ],
    ['a window in Llama', { sliding_window: 16 }, {}, ['sliding_window']],
    ['a window in Mistral', {}, { ...MISTRAL, sliding_window: 16 }, []],
    ['layers with a window in Llama', { layer_types: ['sliding_attention'] }, {}, ['layer_types']],
    ['layers without one in Llama', { layer_types: ['full_attention'] }, {}, []],
    ['layers with a window in Mistral', { layer_types: ['sliding_attention'] }, { ...MISTRAL, sliding_window: 16 }, []],
    ['the type under its new name', { dtype: 'bfloat16' }, {}, []],
  ])('%s', async (_what, said, base, named) => {
    const [facts, without] = await Promise.all([
      inspector.inspect(tinyFolder({ ...base, ...said }), signal),
      inspector.inspect(tinyFolder(base), signal),
    ]);
    const notes = facts.notes ?? [];
    expect(notes).toHaveLength(named.length);
    for (const [index, key] of named.entries())
      expect(notes[index]).toMatch(new RegExp(`sets ${key}, .* transformers 4\\.44\\.1`));
    expect(facts.evaluationDigest).toBe(without.evaluationDigest);
    expect(without.notes).toBeUndefined();
  });

  it.each<[library: string, name: string, keys: string[]]>([
    ['4.57', 'transformers 4.57.6', ['rope_parameters']],
    ['5', 'transformers 5.18.0', []],
  ])('under %s', async (library, name, keys) => {
    const later = await newInspector([], { library });
    const { notes = [] } = await later.inspect(tinyFolder({ rope_parameters: linear }), signal);
    await later.close();
    expect(notes).toHaveLength(keys.length);
    for (const [index, key] of keys.entries())
      expect(notes[index]).toContain(`sets ${key}, which LlamaForCausalLM of ${name}`);
  });

  it('under 5 says nothing of a key that rope_parameters says alike', async () => {
    const later = await newInspector([], { library: '5' });
    const notesOf = async (theta: number): Promise<readonly string[]> =>
      (await later.inspect(tinyFolder({ rope_theta: theta, rope_parameters: linear }), signal)).notes ?? [];
    expect(await notesOf(10_000)).toEqual([]);
    expect(await notesOf(5)).toEqual([expect.stringContaining('sets rope_theta, which')]);
    await later.close();
  });

  it.each([
    ['', 'it is empty'],
    ['not JSON', 'it is not JSON'],
    ['\ufeff{}', 'it is not JSON'],
    ['<!doctype html><html></html>', 'it is a web page (HTML)'],
  ])('a generation_config.json of %j', async (text, reason) => {
    const { notes } = await inspector.inspect(tinyFolder({}, { 'generation_config.json': text }), signal);
    expect(notes).toEqual([expect.stringContaining(`generation_config.json is not read: ${reason}`)]);
  });
});

describe('the version of the library', () => {
  it('is among the numerics', async () => {
    await expect(evaluator.numerics(signal)).resolves.toMatchObject({ library: 'transformers 4.44.1' });
  });

  it.each([
    [4.44, '4.44'],
    ['4.44', '4.44'],
    [4.57, '4.57'],
    [5, '5'],
    ['5', '5'],
  ])('may be %j', (library, followed) => {
    for (const options of OPTIONS) expect(options.safeParse({ library }).data).toMatchObject({ library: followed });
  });

  it.each([
    [undefined, undefined, 'transformers 4.44.1'],
    [undefined, '4.57', 'transformers 4.57.6'],
    ['5', '4.57', 'transformers 5.18.0'],
  ])('is that of the options (%j), else that of the subnet (%j)', async (library, ofSubnet, name) => {
    const chosen = await newEvaluator(library === undefined ? {} : { library }, [], () => undefined, ofSubnet);
    await expect(chosen.numerics(signal)).resolves.toMatchObject({ library: name });
    await chosen.close();
  });

  it('that a competition names must be one that is followed', async () => {
    await expect(newEvaluator({}, [], () => undefined, '4.30')).rejects.toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID', fault: 'config' }),
    );
    await expect(newEvaluator({}, [], () => undefined, '4.30')).rejects.toThrow(
      'the versions of transformers that are followed are 4.44, 4.57, 5',
    );
  });

  it.each([4, 6, '5.18', '4.44.1', null, ''])('can not be %j', (library) => {
    const message = plugin.provides.evaluator?.options.safeParse({ library }).error?.issues[0]?.message;
    expect(message).toBe('the versions of transformers that are followed are 4.44, 4.57, 5');
  });
});
