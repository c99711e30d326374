import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ropeKeys } from '@assay/lib-model-graph/architectures/rope-keys';
import { ropeScaling, wholeHeadIssue, wholeHeadRotary, wholeShare } from '@assay/lib-model-graph/architectures/rope';
import { rotaryTable, type RotaryConfig } from '@assay/lib-model-graph/blocks/rotary';
import { LIBRARIES, type Library } from '@assay/lib-model-graph/library';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const rows = z.tuple([z.array(z.number()), z.array(z.number())]);
/** cos and sin of position 1 in sequences of 24 tokens, and of 96 where they differ; null where the library fails. */
const truth = z.object({ '24': rows, '96': rows.optional() }).nullable();
const { base, cases } = z
  .object({
    base: z.record(z.string(), z.number()),
    cases: z.array(
      z.object({
        name: z.string(),
        config: z.record(z.string(), z.unknown()),
        '4.44': truth.optional(),
        '4.57': truth.optional(),
        '5': truth,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/rope.json'), 'utf8')));

const schemaOf = (library: Library) =>
  z.preprocess(
    ropeKeys(library),
    z.object({
      max_position_embeddings: z.number(),
      rope_theta: z.number().min(1).max(1e12).default(10_000),
      rope_scaling: ropeScaling(library),
      partial_rotary_factor: wholeShare(library),
    }),
  );

/** The angles of a class without keys of its own; undefined where it refuses the config. */
function rotaryOf(config: Readonly<Record<string, unknown>>, library: Library): RotaryConfig | undefined {
  const { head_dim: head = 8, ...given } = { ...base, ...config };
  const parsed = schemaOf(library).safeParse(given);
  if (!parsed.success || wholeHeadIssue(parsed.data, Number(head), library) !== undefined) return undefined;
  return wholeHeadRotary(parsed.data, Number(head), library);
}

function firstPosition(rotary: RotaryConfig, length: number): number[][] {
  const { cos, sin, half } = rotaryTable(rotary, 2, () => length);
  return [cos, sin].map((table) => [...table.slice(half)]);
}

const NEAR = 2e-7;

describe('rope in both spellings, as the library reads it', () => {
  const all = cases.flatMap(({ name, config, ...truths }) =>
    LIBRARIES.flatMap((library) => {
      const expected = truths[library];
      return expected === undefined ? [] : [{ name, library, config, expected }];
    }),
  );

  it.each(all)('$library: $name', ({ config, library, expected }) => {
    const rotary = rotaryOf(config, library);
    if (!rotary || expected === null) {
      expect(rotary !== undefined).toBe(expected !== null);
      return;
    }
    for (const [length, rows] of [
      [24, expected['24']],
      [96, expected['96'] ?? expected['24']],
    ] as const) {
      const difference = firstPosition(rotary, length).flatMap((row, which) =>
        row.map((value, index) => Math.abs(value - (rows[which]?.[index] ?? NaN))),
      );
      expect(Math.max(...difference)).toBeLessThan(NEAR);
    }
  });

  it.each(['4.44', '4.57'] as const)('%s does not read rope_parameters', (library) => {
    for (const { config } of cases.filter(({ name }) => name.startsWith('rope_parameters'))) {
      const unread = { ...config, rope_parameters: undefined };
      expect(rotaryOf(config, library)).toEqual(rotaryOf(unread, library));
    }
  });
});

describe('rope from hostile configs', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.double(),
    fc.constantFrom(0, 1, -1, 1e308, 1e-308, NaN, Infinity, 'linear', 'yarn', 'longrope', 'llama3', 'proportional'),
    fc.array(fc.double(), { minLength: 4, maxLength: 4 }),
  );
  const scaling = fc.record(
    {
      rope_type: fc.constantFrom('default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope', 'proportional'),
      type: value,
      factor: value,
      rope_theta: value,
      partial_rotary_factor: value,
      attention_factor: value,
      beta_fast: value,
      beta_slow: value,
      mscale: value,
      mscale_all_dim: value,
      truncate: value,
      original_max_position_embeddings: value,
      low_freq_factor: value,
      high_freq_factor: value,
      short_factor: value,
      long_factor: value,
    },
    { requiredKeys: ['rope_type'] },
  );
  const config = fc.record(
    {
      rope_scaling: fc.oneof(scaling, value),
      rope_parameters: fc.oneof(scaling, value),
      rope_theta: value,
      partial_rotary_factor: value,
      original_max_position_embeddings: value,
    },
    { requiredKeys: [] },
  );

  it.each(LIBRARIES)('%s refuses them or has finite angles', (library) => {
    fc.assert(
      fc.property(config, fc.integer({ min: 1, max: 200 }), (given, length) => {
        const rotary = rotaryOf(given, library);
        if (rotary) expect(firstPosition(rotary, length).flat().every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
