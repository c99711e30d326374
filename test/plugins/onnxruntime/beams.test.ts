import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generationConfig } from '@assay/lib-model-graph/files/generation-config';
import { BeamSearch, type Lanes } from '@assay/lib-model-graph/generation/search';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { CPU } from '../../../plugins/onnxruntime/dist/devices/device.js';
import { NextTokens } from '../../../plugins/onnxruntime/dist/running/next-tokens.js';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { generate } from '@assay/lib-model-graph/generation/generate';
import { copyOf, errorOf, FIXTURES, goldenOf, samplesOf } from './worlds.js';

const config = z.record(z.string(), z.unknown());
const { cases } = z
  .object({
    cases: z.array(
      z.object({ model: z.string(), generation_config: config, generations: z.array(z.array(z.array(z.number()))) }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FIXTURES, '..', 'beams.json'), 'utf8')));

function withGeneration(model: string, generation: Record<string, unknown>): string {
  const folder = copyOf(join(FIXTURES, model));
  writeFileSync(join(folder, 'generation_config.json'), JSON.stringify(generation));
  return folder;
}

describe('beam search', () => {
  it.each(cases.map((one) => [one.model, one.generation_config, one.generations] as const))(
    '%s goes on as in the library under %j',
    async (name, generation, expected) => {
      const folder = withGeneration(name, generation);
      const model = await openModel(folder, new Registry('4.44'));
      const { batches, promptLength, padTokenId } = samplesOf(goldenOf(folder));
      const found: number[][][] = [];
      let seenLength = 0;
      for (const rows of batches.slice(0, 2)) {
        const prompts = rows.map((row) => row.slice(0, promptLength));
        found.push(
          await generate(model, prompts, {
            load: (run) => NextTokens.load(model, run, { threads: 0, device: CPU, attention: 'eager' }),
            count: 20,
            padTokenId,
            seenLength,
          }),
        );
        seenLength = promptLength + 19;
      }
      expect(found).toEqual(expected);
    },
  );

  it('has a limit', async () => {
    const error = await errorOf(
      openModel(withGeneration('llama-gqa-tied-biases', { num_beams: 65 }), new Registry('4.44')),
    );
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE', fault: 'miner' });
    expect(error.message).toContain('num_beams');
  });
});

/** One row, two beams, four tokens; the model says the same of both beams. */
function twoSteps(first: number[], second: [number[], number[]], rules: Record<string, unknown> = {}): number[][] {
  const search = new BeamSearch(1, generationConfig.parse({ num_beams: 2, ...rules }));
  const lanes: Lanes = { sequences: [[9], [9]], promptLength: 1, count: 2 };
  for (const logits of [[first, first], second]) {
    const { parents, tokens } = search.choose(
      logits.map((row) => Float32Array.from(row, Math.log)),
      lanes,
    );
    lanes.sequences = parents.map((parent, lane) => [...(lanes.sequences[parent] ?? []), tokens[lane] ?? -1]);
  }
  return search.results(lanes);
}

describe('the best beam', () => {
  it('is not the one of the likeliest first token', () => {
    expect(
      twoSteps(
        [0.5, 0.4, 0.05, 0.05],
        [
          [0.3, 0.3, 0.2, 0.2],
          [0.9, 0.05, 0.03, 0.02],
        ],
      ),
    ).toEqual([[9, 1, 0]]);
  });

  it('ends only at the last step, when the end is forced', () => {
    expect(
      twoSteps(
        [0.1, 0.2, 0.6, 0.1],
        [
          [0.1, 0.2, 0.6, 0.1],
          [0.1, 0.2, 0.6, 0.1],
        ],
        { eos_token_id: 2, forced_eos_token_id: 2 },
      ),
    ).toEqual([[9, 1, 2]]);
  });

  it.each([
    [false, [[9, 1, 0]]],
    [true, [[9, 0, 0]]],
  ])('by what rules leave of the probabilities, normalised again: %s', (renormalize_logits, expected) => {
    const second: [number[], number[]] = [
      [0.3, 0.05, 0.05, 0.6],
      [0.4, 0.35, 0.2, 0.05],
    ];
    expect(twoSteps([0.5, 0.4, 0.05, 0.05], second, { suppress_tokens: [3], renormalize_logits })).toEqual(expected);
  });
});
