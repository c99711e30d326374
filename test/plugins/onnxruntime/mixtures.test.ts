import { LIBRARIES } from '@assay/lib-model-graph/library';
import { describe, expect, it } from 'vitest';
import { bases, cases, mixtureFolder, rows, scored, tensorsOf } from './mixtures.js';
import { errorOf } from './worlds.js';

/** Configs that some version scores and that are refused here: a window of no token, which means nothing. */
const REFUSED = ['mixtral: a window of 0', 'qwen3_moe: a window of 0'];

describe.each(LIBRARIES)('a mixture by version %s of the library', (library) => {
  const known = cases.flatMap(({ library: results, ...one }) => {
    const result = results[library];
    return result ? [{ ...one, result }] : [];
  });

  it.each(known)('$what', async ({ what, base, change, without, stored, result }) => {
    const config = Object.fromEntries(
      Object.entries({ ...bases[base], ...change }).filter(([key]) => !without.includes(key)),
    );
    const tensors = stored && tensorsOf({ ...bases[base], ...stored }, '5');
    const folder = mixtureFolder({ ...config, model_type: base }, library, tensors);
    if ('error' in result || REFUSED.includes(what)) {
      expect(await errorOf(scored(folder, library, rows))).toMatchObject({ fault: 'miner', retry: 'never' });
      return;
    }
    const { loss, parameterCount } = await scored(folder, library, rows);
    expect(parameterCount).toBe(result.parameterCount);
    expect(Math.abs(loss - result.loss)).toBeLessThan(1e-5);
  });
});

describe('mixtures that are refused before any file is read', () => {
  it.each([
    ['experts of a layer', { num_local_experts: 1025 }],
    ['experts of all layers', { num_local_experts: 1024, num_hidden_layers: 33 }],
    ['experts beyond whole numbers', { num_local_experts: 1e300 }],
    ['less than one expert', { num_local_experts: -1 }],
    ['no chosen expert', { num_experts_per_tok: 0 }],
  ])('absurd: %s', async (_what, change) => {
    const folder = mixtureFolder({ ...bases.mixtral, ...change }, '5', []);
    expect(await errorOf(scored(folder, '5', rows))).toMatchObject({ code: 'CONFIG_UNSUPPORTED', fault: 'miner' });
  });

  it('the largest numbers that are taken name the first tensor that is missing', async () => {
    const folder = mixtureFolder({ ...bases.mixtral, num_local_experts: 1000, num_hidden_layers: 30 }, '5', []);
    expect(await errorOf(scored(folder, '5', rows))).toMatchObject({ code: 'TENSOR_MISSING', fault: 'miner' });
  });
});
