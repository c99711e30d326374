import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose, expectGolden } from './goldens.js';
import {
  detailsOf,
  errorOf,
  evaluate,
  FIXTURES,
  goldenOf,
  isReasonableAnswer,
  newEvaluator,
  newInspector,
  samplesOf,
  taskOf,
  VARIANTS,
  verified,
} from './worlds.js';

let evaluator: Evaluator;
let inspector: ModelInspector;

beforeAll(async () => {
  [evaluator, inspector] = await Promise.all([newEvaluator(), newInspector()]);
});
afterAll(async () => {
  await Promise.all([evaluator.close(), inspector.close()]);
});

const scored = readdirSync(FIXTURES).filter((name) => name !== 'llama-nan-weight' && name !== 'README.md');
const variants = readdirSync(VARIANTS).filter((name) => name !== 'README.md');

describe('models evaluated by the library', () => {
  it.each(variants)('variant %s', async (name) => {
    await expectGolden({ evaluator, inspector }, join(VARIANTS, name));
  });

  it.each(scored)('%s', async (name) => {
    const { answer, golden } = await expectGolden({ evaluator, inspector }, join(FIXTURES, name));
    expectClose(detailsOf(answer, 1).losses, golden.losses_unpacked);
    expect(isReasonableAnswer(answer, samplesOf(golden))).toBe(golden.reasonable);
  });

  it.each(['mistral-gqa-window32', 'gemma2-default-caps-window24', 'qwen2-window32-maxlayers1'])(
    '%s with the window of flash attention',
    async (name) => {
      const directory = join(FIXTURES, name);
      const golden = goldenOf(directory);
      const flash = await newEvaluator({ attention: 'flash' });
      try {
        const answer = await evaluate(flash, await verified(inspector, directory), [
          taskOf({ ...samplesOf(golden), promptLength: 0 }),
        ]);
        expectClose(detailsOf(answer).losses, golden.flash_attention_2_path?.losses);
        expect(answer.numerics).toMatchObject({ attention: 'flash' });
      } finally {
        await flash.close();
      }
    },
  );

  it('the canary has its known score', async () => {
    const canary = await evaluator.canary?.();
    if (!canary) throw new Error('there is no canary');
    const { results, numerics } = await evaluate(evaluator, canary.model, [canary.task]);
    const [first = Number.NaN, second = Number.NaN] = results[0]?.losses ?? [];
    expect(Math.abs((first + second) / 2 - canary.score)).toBeLessThan(1e-5);
    expect(canary.tolerance(numerics)).toBe(1e-4);
  });

  it('a weight that is no number is named, and a loss that is none never becomes a score', async () => {
    const directory = join(FIXTURES, 'llama-nan-weight');
    await expect(errorOf(verified(inspector, directory))).resolves.toMatchObject({
      code: 'NON_FINITE_WEIGHT',
      fault: 'miner',
      payload: { value: 'NaN' },
    });
    const unseen = { ...(await verified(inspector, join(FIXTURES, 'llama-rope-dynamic'))), directory, files: [] };
    const samples = samplesOf(goldenOf(directory));
    await expect(errorOf(evaluate(evaluator, unseen, [taskOf(samples)]))).resolves.toMatchObject({
      code: 'NON_FINITE_LOGITS',
      fault: 'miner',
    });
    await expect(
      errorOf(evaluate(evaluator, unseen, [taskOf({ ...samples, promptLength: 0 })])),
    ).resolves.toMatchObject({ code: 'NON_FINITE_LOSS', fault: 'miner' });
  });
});
