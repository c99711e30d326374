import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../cli/dist/load-config.js';
import { loadPlugins } from '../../cli/dist/load-plugins.js';
import { errorOf, validator, type Answer } from '../e2e/validator-process.js';
import { newFolder } from '../e2e/world.js';

const shown = z.object({
  values: z.array(z.object({ path: z.string(), value: z.unknown(), origin: z.string(), source: z.string() })),
  profile: z.record(z.string(), z.unknown()),
});

/** A folder with these files; the path of its config. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, 'config.yaml');
}

const show = (
  config: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> => validator(['config', 'show', '--config', config, '--json', ...flags], { env });

function valueAt({ stdout }: Answer, path: string): unknown {
  const found = shown.parse(JSON.parse(stdout)).values.find((value) => value.path === path);
  return found && [found.value, found.origin, found.source];
}

/** Why this configuration is turned away, with everything that it names loaded for real. */
async function refusalOf(config: string): Promise<AssayError> {
  try {
    const loaded = await loadConfig(config, { values: {}, names: {} }, {});
    const registry = await loadPlugins(loaded.config, loaded.baseDir, '/nonexistent', () => undefined);
    registry.profile(loaded.config.subnet);
  } catch (error) {
    return toAssayError(error);
  }
  throw new Error('nothing was refused');
}

/** A package as somebody else would write it: nothing of Assay's inside, not even zod. */
const outside = (name: string, extra = ''): string => `
  const anything = { safeParse: (value) => ({ success: true, data: value }) };
  export default { apiVersion: 1, name: '${name}', provides: {
    datasets: { 'outside/${name}': { options: anything, create: async () => ({ sample: async () => ({ batches: [], pages: [], source: 'none' }) }) } },
    ${extra}
  } };`;
const PACKAGE = JSON.stringify({
  name: 'outside-plugin',
  type: 'module',
  main: 'index.js',
  validator: { plugin: true, apiVersion: 1 },
});

describe('a plugin from elsewhere', () => {
  it('may be made of any that comes along, whether the config names it or not', async () => {
    const config = folderWith({
      'config.yaml': 'plugins: [./several-cards]\nevaluator: { use: several-cards }\n',
      'several-cards/package.json': PACKAGE,
      'several-cards/index.js': outside('several-cards', 'evaluator: { options: anything, create: async () => ({}) }'),
    });
    const loaded = await loadConfig(config, { values: {}, names: {} }, {});
    const registry = await loadPlugins(loaded.config, loaded.baseDir, '/nonexistent', () => undefined);
    expect(registry.factory('evaluator', 'process')).toBeDefined();
  });
});

describe('precedence', () => {
  it('shows no password of an address, and no secret of the environment', async () => {
    const file = join(newFolder(), 'mirror.yaml');
    writeFileSync(
      file,
      'subnet: demo\nrows: { endpoint: "http://me:itsPassword@127.0.0.1:9", hubUrl: "http://127.0.0.1:9/hf_doNotShowThis" }\n',
    );
    for (const more of [[], ['--json']]) {
      const { stdout } = await validator(['config', 'show', '--config', file, ...more], {
        env: { HF_TOKEN: 'hf_doNotShowThis' },
      });
      expect(stdout).toContain('http://[user]@127.0.0.1:9');
      expect(stdout).not.toMatch(/itsPassword|doNotShow/);
    }
  });

  it('is flag, environment, file, default; each value says its origin', async () => {
    const config = folderWith({ 'config.yaml': 'dataDir: fromFile\nsampleMin: 7\nlogLevel: info\n' });
    const env = { ASSAY_DATA_DIR: 'fromEnvironment', ASSAY_SAMPLE_MIN: '8', ASSAY_CADENCES__WEIGHTS_RETRY: '5' };
    const answer = await show(config, ['--data-dir', '/from/flag'], env);
    expect(answer.code).toBe(0);
    expect(valueAt(answer, 'dataDir')).toEqual(['/from/flag', 'flag', '--data-dir']);
    expect(valueAt(answer, 'sampleMin')).toEqual([8, 'environment', 'ASSAY_SAMPLE_MIN']);
    expect(valueAt(answer, 'cadences.weightsRetry')).toEqual([5, 'environment', 'ASSAY_CADENCES__WEIGHTS_RETRY']);
    expect(valueAt(answer, 'logLevel')).toEqual(['info', 'file', config]);
    expect(valueAt(answer, 'subnet')).toEqual(['demo', 'default', '']);
    expect(shown.parse(JSON.parse(answer.stdout)).profile).toMatchObject({
      sampleMin: 8,
      cadences: { weightsRetry: 5, weights: 10_000 },
    });
  });

  it('ASSAY_CONFIG names the file and is no setting itself', async () => {
    const config = folderWith({ 'config.yaml': 'sampleMin: 7\n' });
    const answer = await validator(['config', 'show', '--json'], { env: { ASSAY_CONFIG: config } });
    expect(answer.code, answer.stderr).toBe(0);
    expect(valueAt(answer, 'sampleMin')).toEqual([7, 'file', config]);
  });

  it.each(['ASSAY_SUBTENSOR_RUNTIME', 'ASSAY_SUBTENSOR_GENESIS', 'ASSAY_CHAIN_RECORDINGS', 'ASSAY_TEST_PYTHON'])(
    '%s is for tests and no setting',
    async (name) => {
      const answer = await validator(['config', 'show', '--json'], { env: { [name]: '/somewhere' } });
      expect(answer.code, answer.stderr).toBe(0);
    },
  );
});

describe('what is wrong with a configuration has a code and a hint', () => {
  const cases: [what: string, code: string, files: Record<string, string>, named: string][] = [
    ['an unknown key', 'CONFIG_INVALID', { 'config.yaml': 'evaluatr: { use: onnxruntime }\n' }, 'evaluatr'],
    ['a value of the wrong type', 'CONFIG_INVALID', { 'config.yaml': 'sampleMin: many\n' }, 'sampleMin'],
    ['an unknown cadence', 'CONFIG_INVALID', { 'config.yaml': 'cadences: { weight: 3 }\n' }, 'weight'],
    ['text that is no YAML', 'CONFIG_MALFORMED', { 'config.yaml': 'chain: [\n' }, 'config.yaml'],
    ['a list at the top', 'CONFIG_MALFORMED', { 'config.yaml': '- chain\n' }, 'mapping'],
    ['no file', 'CONFIG_NOT_FOUND', {}, 'config.yaml'],
    ['an unknown profile', 'PROFILE_UNKNOWN', { 'config.yaml': 'subnet: moon\n' }, 'demo'],
    [
      'a plugin that is not installed',
      'PLUGIN_NOT_FOUND',
      { 'config.yaml': 'plugins: [assay-nowhere]\n' },
      'assay-nowhere',
    ],
    [
      'a plugin that does not parse',
      'PLUGIN_BROKEN',
      { 'config.yaml': 'plugins: [./p/index.mjs]\n', 'p/index.mjs': 'export default {' },
      './p/index.mjs',
    ],
    [
      'a plugin of another API',
      'PLUGIN_API_VERSION',
      {
        'config.yaml': 'plugins: [./p/index.mjs]\n',
        'p/index.mjs': outside('next').replace('apiVersion: 1', 'apiVersion: 2'),
      },
      '2',
    ],
    [
      'a plugin without default export',
      'PLUGIN_MALFORMED',
      { 'config.yaml': 'plugins: [./p/index.mjs]\n', 'p/index.mjs': 'export const a = 1;' },
      './p/index.mjs',
    ],
    [
      'a plugin that misspells a contract',
      'PLUGIN_MALFORMED',
      { 'config.yaml': 'plugins: [./p/index.mjs]\n', 'p/index.mjs': outside('typo', 'evaluater: {},') },
      'evaluater',
    ],
    [
      'a second plugin of one name',
      'PLUGIN_DUPLICATE',
      { 'config.yaml': 'plugins: [./p/index.mjs]\n', 'p/index.mjs': outside('demo') },
      'demo',
    ],
    [
      'two datasets of one id',
      'PLUGIN_DUPLICATE',
      {
        'config.yaml': 'plugins: [./a.mjs, ./b.mjs]\n',
        'a.mjs': outside('a'),
        'b.mjs': outside('b').replace('outside/b', 'outside/a'),
      },
      'outside/a',
    ],
  ];

  it.each(cases)('%s: %s', async (_what, code, files, named) => {
    const error = await refusalOf(folderWith(files));
    expect([error.code, error.fault, error.retry]).toEqual([code, 'config', 'never']);
    expect(error.message).toContain(named);
    expect(error.hint.length).toBeGreaterThan(10);
  });

  it('and ends the command with exit code 2', async () => {
    const answer = await show(folderWith({ 'config.yaml': 'evaluatr: { use: onnxruntime }\n' }));
    expect(answer.code).toBe(2);
    const { code, hint } = errorOf(answer);
    expect(answer.stderr).toContain(`${code}: `);
    expect(answer.stderr).toContain(`→ ${hint}`);
  });

  const LOCAL =
    'chain: { use: local-chain, file: ./chain.db, genesis: ./genesis.json }\nstore: { use: local-files, repos: . }\n';
  const GENESIS = JSON.stringify({ netuid: 9, seed: 's', neurons: [{ uid: 0, name: 'validator' }] });
  const dataless = `competitions: [{ id: 1, name: 'dataless', tasks: [{ name: 't', kind: 'text-loss', dataset: 'nobody/knows', pages: 1, batchSize: 1, packSamples: true, maxBatches: 1, weight: 1, normalization: { type: 'none' } }],
    constraints: { minParameters: 1, maxParameters: 2, maxBytes: 3, architectures: ['LlamaForCausalLM'], sequenceLength: 4 }, tokenizer: { kind: 'builtin', name: 'cl100k_base' },
    epsilon: { type: 'fixed', epsilon: 0 }, comparison: 'mean-loss', onDatasetFailure: 'skip-round' }],`;

  const wrong: [what: string, code: string, config: string, named: string][] = [
    ['an unknown implementation', 'IMPLEMENTATION_UNKNOWN', `${LOCAL}evaluator: { use: abacus }\n`, 'onnxruntime'],
    [
      'an implementation of something else',
      'IMPLEMENTATION_UNKNOWN',
      `${LOCAL}evaluator: { use: local-files }\n`,
      'onnxruntime',
    ],
    ['an unknown option', 'OPTIONS_INVALID', `${LOCAL}evaluator: { use: onnxruntime, speed: high }\n`, 'speed'],
    ['a missing option', 'OPTIONS_INVALID', 'store: { use: local-files, repos: . }\n', 'file'],
    ['an unknown competition', 'COMPETITION_UNKNOWN', `${LOCAL}competitions: [chess]\n`, 'demo-docs'],
    ['an unknown dataset', 'DATASET_UNKNOWN', `${LOCAL}plugins: [./p.mjs]\ncompetitions: [dataless]\n`, 'nobody/knows'],
  ];

  it('the run finds what only it looks at', async () => {
    const answers = await Promise.all(
      wrong.map(async ([, , config]) => {
        const path = folderWith({
          'config.yaml': `dataDir: .\n${config}`,
          'genesis.json': GENESIS,
          'p.mjs': outside('p', dataless),
        });
        return validator(['run', '--once', '--offline', '--json', '--config', path]);
      }),
    );
    expect(answers.map((answer, index) => [wrong[index]?.[0], answer.code, errorOf(answer).code])).toEqual(
      wrong.map(([what, code]) => [what, 2, code]),
    );
    for (const [index, answer] of answers.entries()) expect(errorOf(answer).message).toContain(wrong[index]?.[3]);
  });
});

describe('an outside plugin', () => {
  it.each([
    [
      'a package beside the config',
      'outside-plugin',
      { 'node_modules/outside-plugin/package.json': PACKAGE, 'node_modules/outside-plugin/index.js': outside('mine') },
    ],
    ['a folder', './mine', { 'mine/package.json': PACKAGE, 'mine/index.js': outside('mine') }],
    ['a file', './mine.mjs', { 'mine.mjs': outside('mine') }],
    ['CommonJS', './mine.cjs', { 'mine.cjs': outside('mine').replace('export default', 'module.exports =') }],
  ])('is %s', async (_what, name, files) => {
    const config = folderWith({
      'config.yaml': `plugins: [${name}, ./other.mjs]\n`,
      ...files,
      'other.mjs': outside('other').replace('outside/other', 'outside/mine'),
    });
    // It is there when a second one with its dataset is turned away.
    expect(await refusalOf(config)).toMatchObject({
      code: 'PLUGIN_DUPLICATE',
      payload: { id: 'outside/mine', plugins: ['mine', 'other'] },
    });
  });
});
