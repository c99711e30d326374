import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { choiceOf } from '@assay/core/plugin/choice';
import { CONTRACT_NAMES } from '@assay/core/plugin/contracts';
import { definePlugin } from '@assay/core/plugin/plugin';
import { z } from 'zod';
import { configJsonSchema } from '../../cli/dist/generate/config-schema.js';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const validate = new Ajv2020({ strict: false, logger: false }).compile(
  JSON.parse(await configJsonSchema()) as Record<string, unknown>,
);
/** An evaluator that is made of others, as a package may bring one. */
const pool = definePlugin({
  apiVersion: 1,
  name: 'spread',
  provides: {
    evaluator: {
      options: z.strictObject({ of: z.array(choiceOf('evaluator')).min(1), rows: choiceOf('rows').optional() }),
      create: () => Promise.reject(new Error('only its options are looked at')),
    },
  },
});
const withPool = new Ajv2020({ strict: false, logger: false }).compile(
  JSON.parse(await configJsonSchema([pool])) as Record<string, unknown>,
);
const demo = parse(read('examples/demo.yaml')) as Record<string, unknown>;

describe('the JSON schema of the config file', () => {
  it.each<[what: string, change: Record<string, unknown>, isValid: boolean]>([
    ['the example as it is', {}, true],
    ['a known option of a contract', { rows: { use: 'huggingface', maxInFlight: 4 } }, true],
    ['an option of the implementation that is meant without `use`', { rows: { maxInFlight: 4 } }, true],
    ['an implementation of another package with any option', { chain: { use: 'somewhere-else', endpoint: 'x' } }, true],
    [
      'reporters',
      { reporters: [{ use: 'text' }, { use: 'file', path: 'events.jsonl' }, { use: 'wandb', entity: 'x' }] },
      true,
    ],
    ['a reporter without an option that it needs', { reporters: [{ use: 'webhook' }] }, false],
    ['options of a dataset by its id', { datasets: { 'huggingface-rows': {} } }, true],
    ['an option that the implementation lacks', { rows: { use: 'huggingface', maxInFlihgt: 4 } }, false],
    ['an option of the wrong type', { evaluator: { threads: 'many' } }, false],
    ['an implementation without an option that it needs', { evaluator: { use: 'process' } }, false],
    ['a key that no config has', { datadir: '/x' }, false],
  ])('takes or refuses %s', (_what, change, isValid) => {
    expect(validate({ ...demo, ...change }), JSON.stringify(validate.errors)).toBe(isValid);
  });

  it.each<[what: string, options: Record<string, unknown>, isValid: boolean]>([
    ['implementations that come along', { of: [{ use: 'onnxruntime' }, { use: 'process', command: ['a'] }] }, true],
    ['an implementation of another package', { of: [{ use: 'somewhere-else', gpu: 1 }] }, true],
    ['a plugin of its own kind', { of: [{ use: 'spread', of: [{ use: 'onnxruntime' }] }] }, true],
    ['another contract', { of: [{ use: 'onnxruntime' }], rows: { use: 'huggingface', maxInFlight: 4 } }, true],
    ['one that is not named', { of: [{}] }, false],
    ['an option that the implementation lacks', { of: [{ use: 'onnxruntime', thraeds: 2 }] }, false],
    ['one within it without an option that it needs', { of: [{ use: 'spread', of: [{ use: 'process' }] }] }, false],
  ])('takes or refuses, in a plugin that is made of plugins, %s', (_what, options, isValid) => {
    const config = { ...demo, evaluator: { use: 'spread', ...options } };
    expect(withPool(config), JSON.stringify(withPool.errors)).toBe(isValid);
  });

  it.each(CONTRACT_NAMES)('%s stands in the page for authors of plugins', (contract) => {
    expect(read('docs/build/plugin.md')).toContain(`| \`${contract}\` | \`${contract}\` |`);
  });
});
