import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembled, folderOf, LLAMA_CONFIG, safetensors, tinyFolder, tinyTensors } from './folders.js';
import { errorOf, newInspector } from './worlds.js';

const { signal } = new AbortController();
let inspector: ModelInspector;

beforeAll(async () => {
  inspector = await newInspector();
});
afterAll(() => inspector.close());

const without = (name: string): Buffer => assembled(tinyTensors().filter((tensor) => tensor.name !== name));
const weights = (content: Uint8Array | undefined): string => tinyFolder({}, { 'model.safetensors': content });
const index = (map: unknown, files: Record<string, Uint8Array> = {}): string =>
  tinyFolder(
    {},
    {
      'model.safetensors': undefined,
      'model.safetensors.index.json': { metadata: { total_size: 4064 }, weight_map: map },
      ...files,
    },
  );
const all = (shard: string): Record<string, string> =>
  Object.fromEntries(tinyTensors().map(({ name }) => [name, shard]));
const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const reshaped = (change: { dtype?: string; shape?: number[] }): Buffer =>
  assembled(tinyTensors().map((tensor) => (tensor.name === 'model.norm.weight' ? { ...tensor, ...change } : tensor)));

const boolean = (): Buffer =>
  assembled(
    tinyTensors().map((tensor) =>
      tensor.name === 'model.norm.weight' ? { ...tensor, dtype: 'BOOL', bytes: Buffer.alloc(8, 1) } : tensor,
    ),
  );
const indexed = (content: Record<string, unknown>): string =>
  tinyFolder(
    {},
    {
      'model.safetensors': undefined,
      'model.safetensors.index.json': content,
      'a.safetensors': assembled(tinyTensors()),
    },
  );

const shardNames = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_none, shard) => [`s${shard}`, `s${shard}.safetensors`]));
const longHeader = (name: string): Buffer =>
  safetensors(
    `{"__metadata__":{"format":"pt"},"${name}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}${' '.repeat(7 * 1024 * 1024)}}`,
    Buffer.alloc(0),
  );
const emptyTensors = (name: string, count: number): Buffer =>
  safetensors(
    Object.assign(
      { __metadata__: { format: 'pt' } },
      Object.fromEntries(
        [name, ...Array.from({ length: count - 1 }, (_none, place) => `${name}.${place}`)].map((tensor) => [
          tensor,
          { dtype: 'U8', shape: [0], data_offsets: [0, 0] },
        ]),
      ),
    ),
    Buffer.alloc(0),
  );

function linked(name: string, target: string): string {
  const folder = tinyFolder({}, { [name]: undefined });
  rmSync(join(folder, name), { force: true });
  symlinkSync(target, join(folder, name));
  return folder;
}

function fifo(): string {
  const folder = weights(undefined);
  execFileSync('mkfifo', [join(folder, 'model.safetensors')]);
  return folder;
}

describe('what a miner may try', () => {
  it('the folder that all of these are spoilt copies of is fine', async () => {
    await expect(inspector.inspect(tinyFolder(), signal)).resolves.toMatchObject({
      parameterCount: 1016,
      architecture: 'LlamaForCausalLM',
    });
  });

  it.each<[what: string, code: string, folder: () => string]>([
    ['no config', 'CONFIG_UNREADABLE', () => folderOf({ 'model.safetensors': assembled(tinyTensors()) })],
    ['a config that is no JSON', 'CONFIG_UNREADABLE', () => tinyFolder({}, { 'config.json': '{"model_type": llama}' })],
    ['a config that is a list', 'CONFIG_UNREADABLE', () => tinyFolder({}, { 'config.json': '[]' })],
    [
      'a config that is not UTF-8',
      'CONFIG_UNREADABLE',
      () => tinyFolder({}, { 'config.json': Uint8Array.of(0x7b, 0xff, 0x7d) }),
    ],
    [
      'a config without an end',
      'CONFIG_UNREADABLE',
      () => tinyFolder({}, { 'config.json': `{"a":"${'x'.repeat(2 ** 20)}"}` }),
    ],
    ['a config nested without end', 'CONFIG_UNREADABLE', () => tinyFolder({}, { 'config.json': deep(20_000) })],
    [
      'a generation config that is a list',
      'CONFIG_UNREADABLE',
      () => tinyFolder({}, { 'generation_config.json': '[]' }),
    ],
    [
      'a generation config with an absurd penalty',
      'CONFIG_UNREADABLE',
      () => tinyFolder({}, { 'generation_config.json': { repetition_penalty: 0 } }),
    ],
    [
      'an architecture of its own',
      'ARCHITECTURE_UNSUPPORTED',
      () => tinyFolder({ model_type: 'evil', auto_map: { AutoModelForCausalLM: 'evil.Evil' } }),
    ],
    ['no model_type', 'ARCHITECTURE_UNSUPPORTED', () => tinyFolder({ model_type: undefined })],
    ['a model_type from the prototype', 'ARCHITECTURE_UNSUPPORTED', () => tinyFolder({ model_type: '__proto__' })],
    ['a model_type that is no text', 'ARCHITECTURE_UNSUPPORTED', () => tinyFolder({ model_type: { toString: 1 } })],
    ['a negative size', 'CONFIG_UNSUPPORTED', () => tinyFolder({ hidden_size: -8 })],
    ['a size that is text', 'CONFIG_UNSUPPORTED', () => tinyFolder({ hidden_size: '8' })],
    ['a fractional size', 'CONFIG_UNSUPPORTED', () => tinyFolder({ hidden_size: 8.5 })],
    ['a size past everything', 'CONFIG_UNSUPPORTED', () => tinyFolder({ vocab_size: 1e15 })],
    ['more layers than anybody has', 'CONFIG_UNSUPPORTED', () => tinyFolder({ num_hidden_layers: 513 })],
    ['a million layers', 'CONFIG_UNSUPPORTED', () => tinyFolder({ num_hidden_layers: 1_000_000 })],
    ['heads that do not divide', 'CONFIG_UNSUPPORTED', () => tinyFolder({ num_attention_heads: 3 })],
    [
      'keys that do not divide',
      'CONFIG_UNSUPPORTED',
      () => tinyFolder({ num_attention_heads: 4, num_key_value_heads: 3 }),
    ],
    ['an activation of its own', 'CONFIG_UNSUPPORTED', () => tinyFolder({ hidden_act: 'constructor' })],
    ['a scaling of its own', 'CONFIG_UNSUPPORTED', () => tinyFolder({ rope_scaling: { type: 'magic', factor: 2 } })],
    ['a scaling without its factor', 'CONFIG_UNSUPPORTED', () => tinyFolder({ rope_scaling: { rope_type: 'linear' } })],
    ['a factor of zero', 'CONFIG_UNSUPPORTED', () => tinyFolder({ rope_scaling: { rope_type: 'linear', factor: 0 } })],
    [
      'factors for another size of head',
      'CONFIG_UNSUPPORTED',
      () => tinyFolder({ rope_scaling: { rope_type: 'longrope', factor: 2, short_factor: [1], long_factor: [1] } }),
    ],
    [
      'only a pickle',
      'WEIGHTS_MISSING',
      () => tinyFolder({}, { 'model.safetensors': undefined, 'pytorch_model.bin': 'PK' }),
    ],
    ['no weights at all', 'WEIGHTS_MISSING', () => weights(undefined)],
    ['an empty file', 'SAFETENSORS_MALFORMED', () => weights(Buffer.alloc(0))],
    ['a pipe', 'SAFETENSORS_MALFORMED', fifo],
    ['links in a circle', 'SAFETENSORS_MALFORMED', () => linked('model.safetensors', 'model.safetensors')],
    ['a config that is a link in a circle', 'CONFIG_UNREADABLE', () => linked('config.json', 'config.json')],
    ['a config below a file', 'CONFIG_UNREADABLE', () => linked('config.json', 'model.safetensors/config.json')],
    [
      'a header of spaces',
      'SAFETENSORS_MALFORMED',
      () => weights(safetensors(`{${' '.repeat(17 * 1024 * 1024)}}`, Buffer.alloc(0))),
    ],
    [
      'shards whose headers are too long together',
      'SAFETENSORS_MALFORMED',
      () =>
        index(
          shardNames(3),
          Object.fromEntries(Object.keys(shardNames(3)).map((name) => [`${name}.safetensors`, longHeader(name)])),
        ),
    ],
    [
      'shards with too many tensors together',
      'SAFETENSORS_MALFORMED',
      () =>
        index(
          shardNames(3),
          Object.fromEntries(
            Object.keys(shardNames(3)).map((name) => [`${name}.safetensors`, emptyTensors(name, 40_000)]),
          ),
        ),
    ],
    [
      'a name that turns a line around',
      'SAFETENSORS_MALFORMED',
      () =>
        weights(
          assembled([...tinyTensors(), { name: 'evil\u202egpj', dtype: 'U8', shape: [0], bytes: Buffer.alloc(0) }]),
        ),
    ],
    [
      'a name with a C1 control character',
      'SAFETENSORS_MALFORMED',
      () =>
        weights(
          assembled([...tinyTensors(), { name: 'evil\u009b31m', dtype: 'U8', shape: [0], bytes: Buffer.alloc(0) }]),
        ),
    ],
    [
      'a header longer than the file',
      'SAFETENSORS_MALFORMED',
      () => weights(safetensors({}, Buffer.alloc(0), 10_000n)),
    ],
    [
      'a header of 2^64 - 1 bytes',
      'SAFETENSORS_MALFORMED',
      () => weights(safetensors({}, Buffer.alloc(0), 2n ** 64n - 1n)),
    ],
    ['a file cut short', 'SAFETENSORS_MALFORMED', () => weights(assembled(tinyTensors()).subarray(0, -1))],
    [
      'a file with more behind it',
      'SAFETENSORS_MALFORMED',
      () => weights(Buffer.concat([assembled(tinyTensors()), Buffer.alloc(1)])),
    ],
    ['a type of its own', 'SAFETENSORS_MALFORMED', () => weights(reshaped({ dtype: 'F31' }))],
    ['truth values as weights', 'TENSOR_TYPE', () => weights(boolean())],
    ['whole numbers without a sign, as weights', 'TENSOR_TYPE', () => weights(reshaped({ dtype: 'U32' }))],
    ['doubles as weights', 'SAFETENSORS_MALFORMED', () => weights(reshaped({ dtype: 'F64' }))],
    ['a shape that needs other bytes', 'SAFETENSORS_MALFORMED', () => weights(reshaped({ shape: [9] }))],
    ['another shape of the same bytes', 'TENSOR_SHAPE', () => weights(reshaped({ shape: [4, 2] }))],
    ['a tensor left out', 'TENSOR_MISSING', () => weights(without('model.layers.0.mlp.up_proj.weight'))],
    ['a layer more than there is', 'TENSOR_MISSING', () => tinyFolder({ num_hidden_layers: 2 })],
    ['an index that leads out of the folder', 'INDEX_MALFORMED', () => index(all('../../etc/passwd'))],
    ['an index with an absolute path', 'INDEX_MALFORMED', () => index(all('/etc/passwd'))],
    [
      'an index of a pickle',
      'INDEX_MALFORMED',
      () => index(all('pytorch_model.bin'), { 'pytorch_model.bin': Buffer.alloc(8) }),
    ],
    ['an index of a shard that is not there', 'INDEX_MALFORMED', () => index(all('model-00001-of-00001.safetensors'))],
    [
      'an index that names a tensor which no shard holds',
      'TENSOR_MISSING',
      () => index(all('a.safetensors'), { 'a.safetensors': without('model.norm.weight') }),
    ],
    [
      'a tensor in two shards, of which the first does not fit',
      'TENSOR_SHAPE',
      () =>
        index(
          { ...all('a.safetensors'), more: 'b.safetensors' },
          { 'a.safetensors': reshaped({ shape: [4, 2] }), 'b.safetensors': assembled(tinyTensors()) },
        ),
    ],
    ['an index without metadata', 'INDEX_MALFORMED', () => indexed({ weight_map: all('a.safetensors') })],
    [
      'an index whose metadata are a list',
      'INDEX_MALFORMED',
      () => indexed({ metadata: [], weight_map: all('a.safetensors') }),
    ],
    ['an index whose map is a list', 'INDEX_MALFORMED', () => indexed({ metadata: {}, weight_map: ['a.safetensors'] })],
    ['an index of numbers', 'INDEX_MALFORMED', () => index({ a: 1 })],
    ['an empty index', 'INDEX_MALFORMED', () => index({})],
    [
      'an index that is a list',
      'INDEX_MALFORMED',
      () => tinyFolder({}, { 'model.safetensors': undefined, 'model.safetensors.index.json': '[]' }),
    ],
    [
      'a bare model beside its head',
      'WEIGHTS_MIXED',
      () => weights(assembled(tinyTensors().map((tensor) => ({ ...tensor, name: tensor.name.replace('model.', '') })))),
    ],
    [
      'a bare model without its head, though one tensor has no name',
      'TENSOR_MISSING',
      () =>
        weights(
          assembled(
            tinyTensors().map((tensor) => ({
              ...tensor,
              name: tensor.name === 'lm_head.weight' ? '' : tensor.name.replace('model.', ''),
            })),
          ),
        ),
    ],
    ['no metadata', 'SAFETENSORS_FORMAT', () => weights(assembled(tinyTensors(), {}))],
    ...['np', 'PT', 'tf', 'flax', ''].map((format): [string, string, () => string] => [
      `the format ${JSON.stringify(format)}`,
      'SAFETENSORS_FORMAT',
      () => weights(assembled(tinyTensors(), { __metadata__: { format } })),
    ]),
    [
      'a shard without a format',
      'SAFETENSORS_FORMAT',
      () => index(all('a.safetensors'), { 'a.safetensors': assembled(tinyTensors(), { __metadata__: {} }) }),
    ],
  ])('%s: %s', async (_what, code, folder) => {
    await expect(errorOf(inspector.inspect(folder(), signal))).resolves.toMatchObject({
      code,
      fault: 'miner',
      retry: 'never',
    });
  });

  it.each([
    [{ tie_word_embeddings: false }, 1016],
    [{ tie_word_embeddings: true }, 760],
    [{ tie_word_embeddings: true, torchscript: true }, 1016],
    [{ tie_word_embeddings: false, torchscript: true }, 1016],
  ])('is counted as the library counts it under %j', async (config, parameterCount) => {
    const files = config.tie_word_embeddings ? { 'model.safetensors': without('lm_head.weight') } : {};
    await expect(inspector.inspect(tinyFolder(config, files), signal)).resolves.toMatchObject({ parameterCount });
  });

  it('what it writes into messages can move no cursor', async () => {
    const error = await errorOf(inspector.inspect(tinyFolder({ model_type: 'ghost\u001b[31m\u202e' }), signal));
    expect(error.code).toBe('ARCHITECTURE_UNSUPPORTED');
    expect(error.message).toContain('ghost');
    expect(error.message).not.toMatch(/[\u001b\u202e]/);
  });

  it('what it writes into messages is cut short', async () => {
    const error = await errorOf(inspector.inspect(tinyFolder({ model_type: 'x'.repeat(100_000) }), signal));
    expect(error.message.length).toBeLessThan(600);
    expect(JSON.stringify(error.payload).length).toBeLessThan(1000);
  });

  it.each<[what: string, folder: () => string, unused: string[]]>([
    ['shards', () => index(all('a.safetensors'), { 'a.safetensors': assembled(tinyTensors()) }), []],
    [
      'a shard that only a name from the prototype leads to',
      () =>
        tinyFolder(
          {},
          {
            'model.safetensors': undefined,
            'model.safetensors.index.json': `{"metadata":{},"weight_map":{"model.x":"a.safetensors","__proto__":"b.safetensors"}}`,
            'a.safetensors': without('model.norm.weight'),
            'b.safetensors': assembled(tinyTensors().filter(({ name }) => name === 'model.norm.weight')),
          },
        ),
      [],
    ],
    [
      'a norm that sixty shards hold',
      () =>
        index(
          { ...all('s0.safetensors'), ...shardNames(60) },
          Object.fromEntries(
            Object.keys(shardNames(60)).map((name) => [`${name}.safetensors`, assembled(tinyTensors())]),
          ),
        ),
      [],
    ],
    ...['tf', 'flax', 'mlx'].map((format): [string, () => string, string[]] => [
      `a shard of the format ${format}`,
      () => index(all('a.safetensors'), { 'a.safetensors': assembled(tinyTensors(), { __metadata__: { format } }) }),
      [],
    ]),
    ['a file of the format mlx', () => weights(assembled(tinyTensors(), { __metadata__: { format: 'mlx' } })), []],
    [
      'a norm under two names',
      () =>
        weights(
          assembled([
            ...tinyTensors(),
            { name: 'model.norm.gamma', dtype: 'F32', shape: [8], bytes: Buffer.alloc(32) },
          ]),
        ),
      ['model.norm.weight'],
    ],
    ['both names of a tied tensor', () => tinyFolder({ tie_word_embeddings: true }), []],
    ['whole numbers as weights', () => weights(reshaped({ dtype: 'I32' })), []],
    [
      'a tensor that nobody uses',
      () => weights(assembled([...tinyTensors(), { name: 'extra', dtype: 'I64', shape: [1], bytes: Buffer.alloc(8) }])),
      ['extra'],
    ],
    [
      'a tied head that is stored once, under its own name',
      () => tinyFolder({ tie_word_embeddings: true }, { 'model.safetensors': without('model.embed_tokens.weight') }),
      [],
    ],
    [
      'a tied bare model',
      () =>
        tinyFolder(
          { tie_word_embeddings: true },
          {
            'model.safetensors': assembled(
              tinyTensors()
                .filter(({ name }) => name !== 'lm_head.weight')
                .map((tensor) => ({ ...tensor, name: tensor.name.replace('model.', '') })),
            ),
          },
        ),
      [],
    ],
    ['flags that are numbers', () => tinyFolder({ tie_word_embeddings: 0, attention_bias: 0, mlp_bias: null }), []],
    [
      'keys that only later versions know',
      () =>
        tinyFolder({
          head_dim: LLAMA_CONFIG.hidden_size / LLAMA_CONFIG.num_attention_heads,
          ['__proto__']: { vocab_size: 1 },
          layer_types: ['full'],
        }),
      [],
    ],
  ])('is taken: %s', async (_what, folder, unused) => {
    await expect(inspector.inspect(folder(), signal)).resolves.toMatchObject({
      architecture: 'LlamaForCausalLM',
      vocabularySize: LLAMA_CONFIG.vocab_size,
      unusedTensors: unused,
    });
  });
});
