import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { validator } from './validator-process.js';
import { newFolder, ROOT } from './world.js';

const PYTHON = process.env['ASSAY_TEST_PYTHON'] ?? 'python3';
const EXAMPLE = join(ROOT, 'examples', 'evaluators', 'transformers_evaluator.py');
const MODELS = join(ROOT, 'test', 'fixtures', 'models');
/** Those that no version of the library from 4.44 to 5.18 computes otherwise. */
const SAME_IN_ALL = [
  'llama-gqa-tied-biases',
  'llama-rope-llama3-sharded',
  'gpt2-default',
  'gpt_neox-sequential-rot100-tied',
  'mistral-gqa-window32',
  'gemma2-default-caps-window24',
  'phi-rot25-rope-linear-tied',
];

const golden = z.object({
  losses: z.array(z.number()),
  generations: z.array(z.array(z.array(z.number()))),
  reasonable: z.boolean(),
});
const answer = golden.extend({ numerics: z.object({ runtime: z.string() }) });

const lacksPython = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import torch, transformers, safetensors'], { stdio: 'ignore', timeout: 60_000 });
    return false;
  } catch {
    return true;
  }
})();

describe.skipIf(lacksPython)(
  `examples/evaluators/transformers_evaluator.py${lacksPython ? `: skipped, ${PYTHON} has no torch and transformers (ASSAY_TEST_PYTHON names one that has)` : ''}`,
  () => {
    let config: string;
    beforeAll(() => {
      config = join(newFolder(), 'config.yaml');
      writeFileSync(
        config,
        `subnet: demo\nevaluator: ${JSON.stringify({ use: 'process', command: [PYTHON, EXAMPLE] })}\n`,
      );
    });

    it('is all that an evaluator has to be', { timeout: 300_000 }, async () => {
      const { stdout } = await validator(['evaluator', 'check', '--json', '--config', config]);
      const results = z
        .array(z.object({ name: z.string(), passed: z.boolean(), reason: z.string().nullable() }))
        .parse(JSON.parse(stdout));
      expect(results.filter(({ passed }) => !passed)).toEqual([]);
    });

    it.each(SAME_IN_ALL)(
      'gives %s the losses and continuations of the library',
      { timeout: 120_000 },
      async (model) => {
        const folder = join(MODELS, model);
        const { stdout, stderr } = await validator([
          'evaluate',
          folder,
          '--sequences',
          join(folder, 'golden.json'),
          '--json',
          '--config',
          config,
        ]);
        const expected = golden.parse(JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')));
        const given = answer.parse(JSON.parse(stdout), { error: () => stderr });
        expect(given.losses).toHaveLength(expected.losses.length);
        for (const [index, loss] of expected.losses.entries()) expect(given.losses[index]).toBeCloseTo(loss, 5);
        expect([given.generations, given.reasonable]).toEqual([expected.generations, expected.reasonable]);
        expect(given.numerics.runtime).toContain('transformers');
      },
    );
  },
);
