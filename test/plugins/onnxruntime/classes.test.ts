import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from '@assay/lib-model-graph/library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { expectClose, type World } from './goldens.js';
import { scratchFolder } from './scratch.js';
import { detailsOf, errorOf, evaluate, newEvaluator, newInspector, taskOf, verified } from './worlds.js';

const FOLDER = join(import.meta.dirname, '../../fixtures/classes');
const scored = z.object({
  /** Of each batch. */
  losses: z.array(z.number()),
  /** The first logits at the last position of the last batch. */
  spot: z.array(z.number()),
  /** Greedy ones after the prompt of each batch, up to the first that another order of additions could change. */
  tokens: z.array(z.array(z.number())),
});
/** null: the library raises an error. "unlike": it scores the folder in a way that is not followed. */
const truth = z.union([scored, z.null(), z.literal('unlike')]);
const { batches, promptLength, cases } = z
  .object({
    batches: z.array(z.array(z.array(z.number()))),
    promptLength: z.number(),
    cases: z.array(
      z.object({
        name: z.string(),
        config: z.record(z.string(), z.unknown()),
        weights: z.string(),
        '4.57': truth.optional(),
        '5': truth.optional(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'cases.json'), 'utf8')));

function folderOf({ config, weights }: (typeof cases)[number]): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  copyFileSync(join(FOLDER, 'weights', `${weights}.safetensors`), join(folder, 'model.safetensors'));
  return folder;
}

async function expectTruth({ evaluator, inspector }: World, folder: string, expected: z.infer<typeof scored>) {
  const model = await verified(inspector, folder);
  const samples = { batches, padTokenId: 0, packed: true, promptLength, generatedTokens: 20 };
  const details = detailsOf(await evaluate(evaluator, model, [taskOf(samples, ['logits-spot'])]));
  expectClose(details.losses, expected.losses);
  for (const [index, logit] of expected.spot.entries())
    expect(Math.abs((details.logitsSpot?.at(-1)?.[0]?.[index] ?? NaN) - logit)).toBeLessThan(
      1e-3 * Math.abs(logit) + 1e-4,
    );
  expect(details.generations.map(([row], which) => row?.slice(0, expected.tokens[which]?.length))).toEqual(
    expected.tokens,
  );
}

describe.each(['4.57', '5'] as const satisfies Library[])('classes of 2024 by version %s of the library', (library) => {
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

  it.each(cases.filter((one) => one[library] !== undefined))('$name', async (one) => {
    const expected = one[library] ?? null;
    const folder = folderOf(one);
    if (expected !== null && expected !== 'unlike') {
      await expectTruth(world, folder, expected);
      return;
    }
    await expect(errorOf(verified(world.inspector, folder))).resolves.toMatchObject({
      code: 'CONFIG_UNSUPPORTED',
      fault: 'miner',
    });
  });
});
