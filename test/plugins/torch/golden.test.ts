import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EvaluationAnswer } from '@assay/core/contracts/evaluator';
import { expectClose, expectGolden, type World } from '../onnxruntime/goldens.js';
import {
  detailsOf,
  evaluate,
  FIXTURES,
  goldenOf,
  newEvaluator as newRuntime,
  newInspector,
  samplesOf,
  taskOf,
  VARIANTS,
  verified,
} from '../onnxruntime/worlds.js';
import { NO_TORCH, pythons } from './pythons.js';
import { newEvaluator } from './worlds.js';

const ROOT = join(import.meta.dirname, '../../..');
const MODELS_OF_2025 = join(ROOT, 'test/fixtures/models2');
const withoutReadme = (name: string): boolean => name !== 'README.md';

const hasNewKeys = (name: string): boolean =>
  'rope_parameters' in
  z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(MODELS_OF_2025, name, 'config.json'), 'utf8')));

const scored = readdirSync(FIXTURES).filter((name) => name !== 'llama-nan-weight' && withoutReadme(name));
const variants = readdirSync(VARIANTS).filter(withoutReadme);
const ofVersion5 = readdirSync(MODELS_OF_2025).filter(withoutReadme);

async function worldOf(python: string, library: string, given: Record<string, unknown> = {}): Promise<World> {
  const [evaluator, inspector] = await Promise.all([
    newEvaluator({ python, library, threads: 1, processPerModel: false, ...given }),
    newInspector([], { library }),
  ]);
  return { evaluator, inspector };
}

const closed = ({ evaluator, inspector }: World): Promise<unknown> =>
  Promise.all([evaluator.close(), inspector.close()]);

if (pythons.length === 0) describe.skip(NO_TORCH, () => undefined);

describe.each(pythons)('models evaluated by the library, on torch $torch', ({ path }) => {
  let world: World;
  beforeAll(async () => {
    world = await worldOf(path, '4.44');
  });
  afterAll(() => closed(world));

  it.each(variants)('variant %s', async (name) => {
    await expectGolden(world, join(VARIANTS, name));
  });

  it.each(scored)('%s', async (name) => {
    const { answer, golden } = await expectGolden(world, join(FIXTURES, name));
    expectClose(detailsOf(answer, 1).losses, golden.losses_unpacked);
  });

  it('a loss that is none never becomes a score', async () => {
    const model = await verified(world.inspector, join(FIXTURES, 'llama-gqa-tied-biases'));
    const directory = join(FIXTURES, 'llama-nan-weight');
    const broken = { ...model, directory, files: [] };
    const samples = samplesOf(goldenOf(join(FIXTURES, 'llama-gqa-tied-biases')));
    await expect(evaluate(world.evaluator, broken, [taskOf({ ...samples, promptLength: 0 })])).rejects.toMatchObject({
      code: 'NON_FINITE_LOSS',
      fault: 'miner',
    });
  });
});

describe.each(pythons)('models of 2025 by version 5 of the library, on torch $torch', ({ path }) => {
  let world: World;
  beforeAll(async () => {
    world = await worldOf(path, '5');
  });
  afterAll(() => closed(world));

  it.each(ofVersion5)('%s', async (name) => {
    const { answer, golden } = await expectGolden(world, join(MODELS_OF_2025, name));
    expectClose(detailsOf(answer, 1).losses, golden.losses_unpacked);
  });
});

describe.each(pythons)('several rows at a time, on torch $torch', ({ path }) => {
  const losses = ({ results }: EvaluationAnswer): readonly number[] => results[0]?.losses ?? [];

  it.each([1, 1000])(
    'of at most %i tokens have the losses of ONNX Runtime, in samples of one row and of several',
    async (batchTokens) => {
      const [world, runtime] = await Promise.all([worldOf(path, '4.44', { batchTokens }), newRuntime()]);
      try {
        const directory = join(FIXTURES, 'mistral-gqa-window32');
        const model = await verified(world.inspector, directory);
        const { batches, ...rest } = samplesOf(goldenOf(directory));
        const rows = batches.flat();
        const task = taskOf({ ...rest, batches: [rows.slice(0, 1), rows, rows.slice(0, 2)], promptLength: 0 });
        const expected = losses(await evaluate(runtime, model, [task]));
        expect(expected).toHaveLength(3);
        expectClose(losses(await evaluate(world.evaluator, model, [task])), expected);
      } finally {
        await Promise.all([closed(world), runtime.close()]);
      }
    },
  );
});

describe.each(pythons)('an architecture of another package, on torch $torch', ({ path }) => {
  it.each([
    ['olmo', '4.44', 'olmo'],
    ['olmo3', '5', 'olmo3'],
    ['olmo3', '5', 'olmo3-rope-parameters'],
  ])('%s is scored and continued as the library %s does', async (name, library, folder) => {
    const module = pathToFileURL(join(ROOT, `examples/architecture/${name}.js`)).href;
    const [inspector, evaluator] = await Promise.all([
      newInspector([module], { library }),
      newEvaluator({ python: path, library, threads: 1 }, [module]),
    ]);
    try {
      await expectGolden({ evaluator, inspector }, join(ROOT, 'test/fixtures', folder));
    } finally {
      await Promise.all([inspector.close(), evaluator.close()]);
    }
  });
});

it('the models of version 5 include some with its new keys', () => {
  expect(ofVersion5.filter(hasNewKeys).length).toBeGreaterThan(2);
});
