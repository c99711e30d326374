import { isAssayError } from '@assay/core/errors/assay-error';
import {
  environmentName,
  environmentValues,
  resolveConfig,
  type ConfigLayer,
  type ConfigValue,
} from '@assay/core/config/resolve';
import { configSchema } from '@assay/core/config/schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usesOf } from './uses.js';

const ORIGINS = ['flag', 'environment', 'file'] as const;
const layer = (origin: ConfigLayer['origin'], values: ConfigLayer['values']): ConfigLayer => ({
  origin,
  source: `the ${origin}`,
  values,
});
const DEFAULTS = layer('default', usesOf('some'));
const valueAt = (values: readonly ConfigValue[], path: string): ConfigValue | undefined =>
  values.find((value) => value.path === path);

describe('resolveConfig', () => {
  it('takes each key from the strongest layer that has it, whatever the others hold', () => {
    const setting = fc.record(
      { sampleMin: fc.integer({ min: 1, max: 99 }), logLevel: fc.constantFrom('debug', 'error') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(setting, setting, setting, (...given) => {
        const layers = [...ORIGINS.map((origin, index) => layer(origin, given[index] ?? {})), DEFAULTS];
        const { config, values } = resolveConfig(layers);
        for (const key of ['sampleMin', 'logLevel'] as const) {
          const strongest = layers.find((candidate) => candidate.values[key] !== undefined);
          expect(config[key]).toEqual(strongest?.values[key] ?? configSchema.parse(DEFAULTS.values)[key]);
          if (config[key] !== undefined) expect(valueAt(values, key)?.origin).toBe(strongest?.origin ?? 'default');
        }
      }),
    );
  });

  it('merges sections key by key, and replaces lists whole', () => {
    const { config, values } = resolveConfig([
      layer('flag', { store: { dir: '/flag' }, plugins: ['a'] }),
      layer('file', { store: { use: 'huggingface', dir: '/file', maxBytes: 7 }, plugins: ['b', 'c'] }),
      DEFAULTS,
    ]);
    expect(config.store).toEqual({ use: 'huggingface', dir: '/flag', maxBytes: 7 });
    expect(config.plugins).toEqual(['a']);
    expect(valueAt(values, 'store.dir')?.origin).toBe('flag');
    expect(valueAt(values, 'store.use')?.origin).toBe('file');
  });

  it('names every key that nobody knows', () => {
    try {
      resolveConfig([layer('file', { chian: {}, cadences: { weight: 1 }, sampleMin: 'x' })]);
      expect.unreachable();
    } catch (error) {
      expect(isAssayError(error) && error.code).toBe('CONFIG_INVALID');
      for (const name of ['chian', 'weight', 'sampleMin']) expect(String(error)).toContain(name);
    }
  });
});

describe('the environment', () => {
  it.each([
    ['dataDir', 'ASSAY_DATA_DIR'],
    ['chain.blockTime', 'ASSAY_CHAIN__BLOCK_TIME'],
    ['cadences.weightsRetry', 'ASSAY_CADENCES__WEIGHTS_RETRY'],
  ])('%s is %s, both ways', (path, name) => {
    expect(environmentName(path)).toBe(name);
    const [first = '', second] = path.split('.');
    expect(environmentValues({ [name]: '5' }, Number)).toEqual({ [first]: second === undefined ? 5 : { [second]: 5 } });
  });

  it('is left alone otherwise', () => {
    expect(environmentValues({ PATH: '/bin', NOT_ASSAY_SAMPLE_MIN: '1', ASSAY_SAMPLE_MIN: undefined }, String)).toEqual(
      {},
    );
  });
});
