import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembled, folderOf } from './folders.js';
import { mistralTensors, plainLoss, weightsOf, type Shape } from './plain-mistral.js';
import { detailsOf, errorOf, evaluate, newEvaluator, newInspector, taskOf, verified } from './worlds.js';

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

function mistralFolder(shape: Shape, tensors: ReturnType<typeof mistralTensors>): string {
  return folderOf({
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
}

async function lossesOf(folder: string, batches: number[][][], spoil: () => void = () => undefined): Promise<number[]> {
  const task = taskOf({ batches, padTokenId: 0, packed: true, promptLength: 0, generatedTokens: 1 });
  const model = await verified(inspector, folder);
  spoil();
  return detailsOf(await evaluate(evaluator, model, [task])).losses;
}

it('a model of any shape has the loss that plain arithmetic gives it', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.integer({ min: 1, max: 1e6 }),
      fc.array(fc.nat(1e6), { minLength: 2, maxLength: 24 }),
      async (shape, seed, draws) => {
        const tensors = mistralTensors(shape, seed);
        const row = draws.map((draw) => draw % shape.vocabulary);
        const [loss] = await lossesOf(mistralFolder(shape, tensors), [[row]]);
        expect(Math.abs((loss ?? Number.NaN) - plainLoss(weightsOf(tensors), shape, row))).toBeLessThan(1e-5);
      },
    ),
    { numRuns: 40 },
  );
});

const narrow: Shape = { vocabulary: 12, width: 2, inner: 2, heads: 1, keyHeads: 1, headSize: 2, window: 8, layers: 1 };
const drawn = (length: number, below: number): number[] =>
  Array.from({ length }, (_none, index) => (index * 7_919 + 13) % below);

describe('a head that is computed in blocks', () => {
  it('of the vocabulary has the loss of the whole', async () => {
    const shape = { ...narrow, vocabulary: 90_001 };
    const tensors = mistralTensors(shape, 5);
    const row = [...drawn(240, shape.vocabulary), 0, 90_000];
    const [loss] = await lossesOf(mistralFolder(shape, tensors), [[row]]);
    expect(Math.abs((loss ?? Number.NaN) - plainLoss(weightsOf(tensors), shape, row))).toBeLessThan(1e-5);
  });

  it('of positions has the loss of the whole', async () => {
    const tensors = mistralTensors(narrow, 6);
    const rows = [1, 2, 3].map((start) => drawn(1500 + start, narrow.vocabulary).slice(start));
    const [loss] = await lossesOf(mistralFolder(narrow, tensors), [rows]);
    const each = rows.map((row) => plainLoss(weightsOf(tensors), narrow, row));
    expect(Math.abs((loss ?? Number.NaN) - each.reduce((sum, one) => sum + one, 0) / each.length)).toBeLessThan(1e-5);
  });

  it('names a NaN of its last block', async () => {
    const shape = { ...narrow, vocabulary: 90_001 };
    const folder = mistralFolder(shape, mistralTensors(shape, 5));
    const work = lossesOf(folder, [[drawn(240, shape.vocabulary)]], () => {
      const tensors = mistralTensors(shape, 5);
      tensors
        .find(({ name }) => name === 'lm_head.weight')
        ?.bytes.writeFloatLE(Number.NaN, 4 * (shape.vocabulary * shape.width - 1));
      writeFileSync(join(folder, 'model.safetensors'), assembled(tensors));
    });
    expect(await errorOf(work)).toMatchObject({ code: 'NON_FINITE_LOSS', fault: 'miner' });
  });
});
