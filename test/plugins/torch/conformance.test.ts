import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkEvaluator } from '@assay/core/testing/evaluator-conformance';
import {
  DEMO,
  detailsOf,
  evaluate,
  goldenOf,
  newInspector,
  samplesOf,
  taskOf,
  verified,
} from '../onnxruntime/worlds.js';
import { NO_TORCH, pythons } from './pythons.js';
import { newEvaluator } from './worlds.js';

const { signal } = new AbortController();

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

describe.each(pythons)('the evaluator on torch $torch', ({ path: python }) => {
  it.each([
    ['one process for all models', { processPerModel: false }],
    ['a process for each model, several rows at a time', { batchTokens: 2000 }],
  ])('passes the checks of every evaluator: %s', async (_what, given) => {
    const evaluator = await newEvaluator({ python, threads: 1, ...given });
    try {
      const results = await checkEvaluator(evaluator, signal);
      expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
      expect(results.length).toBeGreaterThan(10);
    } finally {
      await evaluator.close();
    }
  });

  it('a model that was made ready beside another one, and models that stay loaded, have their own losses', async () => {
    const [evaluator, inspector] = await Promise.all([newEvaluator({ python, threads: 1 }), newInspector()]);
    try {
      const names = ['llama-60steps', 'qwen2-1300steps', 'gpt2-1300steps'];
      const models = await Promise.all(names.map((name) => verified(inspector, join(DEMO, name))));
      for (const [index, model] of models.entries()) {
        const golden = goldenOf(join(DEMO, names[index] ?? ''));
        const next = models[index + 1];
        const answer = await evaluate(evaluator, model, [taskOf({ ...samplesOf(golden), promptLength: 0 })], {
          keep: index === 0,
          onProgress: ({ phase }) => {
            if (phase === 'score' && next) evaluator.prepare?.(next);
          },
        });
        for (const [place, loss] of detailsOf(answer).losses.entries())
          expect(Math.abs(loss - Number(golden.losses[place]))).toBeLessThan(1e-5);
      }
    } finally {
      await Promise.all([evaluator.close(), inspector.close()]);
    }
  });

  it('bfloat16 is compared with float32 before it scores, and is near it', async () => {
    const [evaluator, inspector] = await Promise.all([
      newEvaluator({ python, threads: 1, computeType: 'bfloat16' }),
      newInspector(),
    ]);
    try {
      const golden = goldenOf(join(DEMO, 'llama-60steps'));
      const model = await verified(inspector, join(DEMO, 'llama-60steps'));
      const answer = await evaluate(evaluator, model, [taskOf({ ...samplesOf(golden), promptLength: 0 })]);
      expect(answer.numerics).toMatchObject({ computeType: 'bfloat16' });
      const apart = detailsOf(answer).losses.map((loss, place) => Math.abs(loss - Number(golden.losses[place])));
      expect(Math.max(...apart)).toBeLessThan(0.02);
      expect(Math.max(...apart)).toBeGreaterThan(1e-6);
    } finally {
      await Promise.all([evaluator.close(), inspector.close()]);
    }
  });
});
