import { placesOf } from '@assay/lib-model-graph/graph/region';
import { loadOrder } from '@assay/lib-model-graph/files/load-order';
import type { StoredTensor } from '@assay/lib-model-graph/files/weights';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bases } from './mixtures.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const EXPERT = 4 * MIB;

/** Experts of 4 MiB, with so many bytes of other tensors before each of them. */
function apart(gaps: readonly number[]): Map<string, StoredTensor> {
  let offset = 0;
  return new Map(
    gaps.map((gap, index) => {
      const name = `expert.${index}`;
      offset += gap;
      const tensor = { name, file: 'a', dtype: 'F32', shape: [EXPERT / 4], offset, length: EXPERT };
      offset += EXPERT;
      return [name, tensor];
    }),
  );
}

const regionsOf = (tensors: ReadonlyMap<string, StoredTensor>): StoredTensor[] => [
  ...new Set([...placesOf(tensors).values()].map(({ region }) => region)),
];

describe('places of experts in files', () => {
  it.each([
    ['neighbours', [0, 0, 0, 0], 1],
    ['the rest of a small layer between them', [0, 0, 8 * MIB, 8 * MIB], 1],
    ['as much as the experts and 16 MiB', [0, 0, 32 * MIB, 0], 1],
    ['more than that', [0, 0, 32 * MIB + 4, 0], 2],
    ['a hundred GiB twice', [0, 100 * GIB, 0, 100 * GIB], 3],
  ] as const)('%s', (_what, gaps, regions) => {
    expect(regionsOf(apart(gaps))).toHaveLength(regions);
  });

  it('maps no more of other tensors than of experts and 16 MiB', () => {
    const gap = fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 16 * GIB }).map((words) => words * 4),
    );
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 40 }), (gaps) => {
        const tensors = apart(gaps);
        const mapped = regionsOf(tensors).reduce((sum, { length }) => sum + length, 0);
        expect(mapped).toBeLessThanOrEqual(2 * tensors.size * EXPERT + 16 * MIB);
        for (const [name, { region, start }] of placesOf(tensors))
          expect(region.offset + 4 * start).toBe(tensors.get(name)?.offset);
      }),
    );
  });
});

describe('mixtures as large as they may be', () => {
  const largest = { ...bases.qwen3_moe, num_hidden_layers: 512, decoder_sparse_step: 4, mlp_only_layers: [] };

  it.each(['4.57', '5'] as const)('%s: uses no more tensors than the protocol lists', (library) => {
    const architecture = new Registry(library).architectureOf('qwen3_moe');
    const parsed = architecture?.config.safeParse({ ...largest, num_experts: 234, attention_bias: true });
    expect(parsed?.error?.issues).toBeUndefined();
    expect(architecture?.tensors(parsed?.data).length).toBeLessThan(100_000);
    expect(architecture?.config.safeParse({ ...largest, num_experts: 235 }).success).toBe(false);
  });

  it('has no more layers with experts than the runtime loads in seconds', () => {
    const config = new Registry('4.57').architectureOf('qwen3_moe')?.config;
    const accepts = (layers: number): boolean | undefined =>
      config?.safeParse({ ...largest, decoder_sparse_step: 1, num_experts: 4, num_hidden_layers: layers }).success;
    expect([accepts(128), accepts(129)]).toEqual([true, false]);
  });

  it.each(['4.44', '4.57', '5'] as const)('%s: a thousand files with every expert take seconds', (library) => {
    const names = Array.from({ length: 90_000 }, (_none, index) => `model.layers.${index}.weight`);
    const files = Array.from({ length: 1000 }, (_none, file) => ({
      stored: names
        .slice(90 * file, 90 * (file + 1))
        .map((name) => ({ name, file: `${file}`, dtype: 'F32', shape: [1], offset: 0, length: 4 })),
    }));
    const startedAt = performance.now();
    const loads = loadOrder({ folder: '', announced: names, files }, { names, prefix: 'model' }, library);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(loads.map(({ name }) => name)).toEqual(names);
  });
});
