import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARIES, type Library } from '@assay/lib-model-graph/library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { expectClose, expectGolden, type World } from './goldens.js';
import { detailsOf, evaluate, isReasonableAnswer, newEvaluator, newInspector, samplesOf } from './worlds.js';

const MODELS = join(import.meta.dirname, '../../fixtures/models2');
const configOf = (name: string): Record<string, unknown> =>
  z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(MODELS, name, 'config.json'), 'utf8')));

/** Classes that are tested here, and the versions that have them. */
const CLASSES: Readonly<Record<string, readonly Library[]>> = {
  qwen3: ['4.57', '5'],
  phi3: ['4.44', '4.57', '5'],
  gemma3: ['4.57', '5'],
  olmo2: ['4.57', '5'],
  mixtral: ['4.44', '4.57', '5'],
  qwen3moe: ['4.57', '5'],
};
/** Folders that 4.44 reads in another way than later versions: it has neither a partial rotation nor a window. */
const NOT_FIRST = ['phi3-partial75-tied-f32', 'phi3-window32'];

const models = readdirSync(MODELS)
  .map((name) => ({ name, versions: CLASSES[name.slice(0, name.indexOf('-'))] ?? [] }))
  .filter(({ versions }) => versions.length > 0)
  .map(({ name, versions }) => ({
    name,
    versions: versions.filter((library) =>
      'rope_parameters' in configOf(name) ? library === '5' : library !== '4.44' || !NOT_FIRST.includes(name),
    ),
  }));

describe.each(LIBRARIES)('models of 2025 by version %s of the library', (library) => {
  let world: World;
  beforeAll(async () => {
    const [evaluator, inspector] = await Promise.all([
      newEvaluator({ library, processPerModel: false }),
      newInspector([], { library }),
    ]);
    world = { evaluator, inspector };
  });
  afterAll(async () => {
    await Promise.all([world.evaluator.close(), world.inspector.close()]);
  });

  it.each(models.filter(({ versions }) => versions.includes(library)))('$name', async ({ name }) => {
    const { answer, golden } = await expectGolden(world, join(MODELS, name));
    expectClose(detailsOf(answer, 1).losses, golden.losses_unpacked);
    expect(isReasonableAnswer(answer, samplesOf(golden))).toBe(golden.reasonable);
  });
});

describe.each(['4.57', '5'] as const)('flash attention of version %s', (library) => {
  it.each(['qwen3-window24-maxlayers1', 'phi3-window32', 'gemma3-pattern3-window24'])(
    'sees as many keys as eager attention: %s',
    async (name) => {
      const [evaluator, inspector] = await Promise.all([
        newEvaluator({ library, attention: 'flash' }),
        newInspector([], { library }),
      ]);
      try {
        await expectGolden({ evaluator, inspector }, join(MODELS, name));
      } finally {
        await Promise.all([evaluator.close(), inspector.close()]);
      }
    },
  );
});

describe.each(LIBRARIES)('canaries by version %s of the library', (library) => {
  it('of each class that it has are of that class and have their known loss', async () => {
    const [evaluator, inspector] = await Promise.all([newEvaluator({ library }), newInspector([], { library })]);
    try {
      const classes = (await inspector.architectures?.(new AbortController().signal)) ?? [];
      const known = new Set<string>();
      for (const wanted of classes) {
        const canary = await evaluator.canary?.(wanted);
        if (!canary || known.has(canary.model.facts.architecture)) continue;
        const { architecture, parameterCount } = await inspector.inspect(
          canary.model.directory,
          new AbortController().signal,
        );
        expect(canary.model.facts).toMatchObject({ architecture, parameterCount });
        const { results } = await evaluate(evaluator, canary.model, [canary.task]);
        const losses = results[0]?.losses ?? [];
        expect(losses).toHaveLength(2);
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        expect(Math.abs(mean - canary.score), architecture).toBeLessThan(1e-5);
        known.add(architecture);
      }
      const own = ['Qwen3', 'Phi3', 'Gemma3', 'Olmo2', 'Mixtral', 'Qwen3Moe'].map((name) => `${name}ForCausalLM`);
      expect([...known].sort()).toEqual(['LlamaForCausalLM', ...own.filter((name) => classes.includes(name))].sort());
    } finally {
      await Promise.all([evaluator.close(), inspector.close()]);
    }
  });
});
