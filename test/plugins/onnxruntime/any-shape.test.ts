import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assembled, folderOf } from './folders.js';
import { mistralTensors, plainLoss, weightsOf, type Shape } from './plain-mistral.js';
import { detailsOf, evaluate, newEvaluator, newInspector, taskOf, verified } from './worlds.js';

let evaluator: Evaluator;
let inspector: ModelInspector;

beforeAll(async () => {
  [evaluator, inspector] = await Promise.all([newEvaluator(), newInspector()]);
});
afterAll(async () => {
  await Promise.all([evaluator.close(), inspector.close()]);
});

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    vocabulary: fc.integer({ min: 2, max: 40 }),
    width: fc.integer({ min: 1, max: 24 }),
    inner: fc.integer({ min: 1, max: 24 }),
    keyHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    half: fc.integer({ min: 1, max: 12 }),
    window: fc.integer({ min: 1, max: 40 }),
    layers: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ group, half, ...shape }) => ({ ...shape, heads: shape.keyHeads * group, headSize: 2 * half }));

it('a model of any shape has the loss that plain arithmetic gives it', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.integer({ min: 1, max: 1e6 }), fc.array(fc.nat(1e6), { minLength: 2, maxLength: 24 }), async (shape, seed, draws) => {
      const tensors = mistralTensors(shape, seed);
      const folder = folderOf({
        'config.json': {
          model_type: 'mistral',
          vocab_size: shape.vocabulary,
          hidden_size: shape.width,
          intermediate_size: shape.inner,
          num_hidden_layers: shape.layers,
          num_attention_heads: shape.heads,
          num_key_value_heads: shape.keyHeads,
          head_dim: shape.headSize,
          sliding_window: shape.window,
        },
        'model.safetensors': assembled(tensors),
      });
      const row = draws.map((draw) => draw % shape.vocabulary);
      const task = taskOf({ batches: [[row]], padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 });
      const [loss] = detailsOf(await evaluate(evaluator, await verified(inspector, folder), [task])).losses;
      expect(Math.abs((loss ?? Number.NaN) - plainLoss(weightsOf(tensors), shape, row))).toBeLessThan(1e-5);
    }),
    { numRuns: 40 },
  );
});
