import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CPU } from '../../../plugins/onnxruntime/dist/devices/device.js';
import { OnnxEngine } from '../../../plugins/onnxruntime/dist/onnx-engine.js';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { openModel } from '@assay/lib-model-graph/inspect';
import { LIBRARIES, type Library } from '@assay/lib-model-graph/library';
import { LoadedModels } from '@assay/lib-model-graph/program/loaded-models';
import { evaluateTextLoss } from '@assay/lib-model-graph/program/text-loss';
import { copyOf, errorOf, FIXTURES, taskOf } from './worlds.js';

const ids = z.array(z.array(z.array(z.number())));
const given = z.object({
  file: z.enum(['config.json', 'generation_config.json']),
  /** A whole generation_config.json, or members for config.json. */
  text: z.string(),
  /** generation_config.json beside such members. */
  beside: z.string().optional(),
});
const outcome = z.union([z.object({ error: z.string() }), z.object({ generations: ids })]);
const first = z.object({
  batches: ids,
  cases: z.array(given.extend({ library: outcome, code: z.string().optional() })),
});
const later = z.object({
  outcomes: z.array(ids),
  cases: z.array(
    given.extend({
      library: z.record(z.enum(['4.57', '5']), z.union([z.string(), z.number()])),
      here: z.partialRecord(z.enum(['4.57', '5']), z.string()).default({}),
    }),
  ),
});

const jsonOf = (file: string): unknown => JSON.parse(readFileSync(join(FIXTURES, '..', file), 'utf8'));
const { batches, cases: ofFirst } = first.parse(jsonOf('generation-configs.json'));
const { outcomes, cases: ofLater } = later.parse(jsonOf('generation-configs-later.json'));

interface Case extends z.infer<typeof given> {
  library: z.infer<typeof outcome>;
  code?: string | undefined;
}

/** What a version of the library makes of each config, and the error of this evaluator where it refuses. */
function casesOf(version: Library): Case[] {
  if (version === '4.44') return ofFirst;
  return ofLater.map(({ library: { [version]: known }, here: { [version]: code }, ...one }) => ({
    ...one,
    code,
    library: typeof known === 'string' ? { error: known } : { generations: outcomes[known] ?? [] },
  }));
}

const MODEL = join(FIXTURES, '..', 'cases', 'generation-config-empty', 'model');

function folderFor({ file, text, beside }: Case): string {
  const folder = copyOf(MODEL);
  const config = join(folder, 'config.json');
  const generation = join(folder, 'generation_config.json');
  rmSync(generation);
  const content = file === 'config.json' ? beside : text;
  if (content !== undefined) writeFileSync(generation, content);
  if (file === 'config.json') writeFileSync(config, readFileSync(config, 'utf8').replace(/\}\s*$/, `, ${text}}`));
  return folder;
}

async function generationsOf(one: Case, version: Library): Promise<number[][][]> {
  const numerics = { device: 'cpu', computeType: 'float32', runtime: 'onnxruntime', attention: 'eager' };
  const engine = new OnnxEngine(numerics, { threads: 1, device: CPU, attention: 'eager' });
  const models = new LoadedModels(new Registry(version), engine);
  const model = await models.open('', folderFor(one));
  const task = taskOf({ batches, promptLength: 12, generatedTokens: 20, padTokenId: 96, packed: true });
  const listener = { onGenerate: (): void => undefined, onLoss: (): void => undefined };
  const { generations } = await evaluateTextLoss(model, task, listener, new AbortController().signal);
  await model.engine.release();
  // The last 20 tokens, as the reference looks at them: a text that ends early begins in its prompt.
  return generations.map((rows, batch) =>
    rows.map((row) => [...(batches[batch]?.[0] ?? []).slice(0, 12), ...row].slice(-20)),
  );
}

/** Members that a message has to name one of. */
const keysOf = ({ text }: Case): string[] => [...text.matchAll(/"(\w+)":/g)].map(([, key]) => key ?? '');

const named = (which: readonly Case[]): [string, Case][] =>
  which.map((one) => [`${one.file} ${one.text}${one.beside === undefined ? '' : ` beside ${one.beside}`}`, one]);

describe.each(LIBRARIES)('of %s', (version) => {
  const cases = casesOf(version);

  describe('a config that the library takes', () => {
    it.each(named(cases.filter(({ code }) => code === undefined)))('%s', async (_name, one) => {
      expect({ generations: await generationsOf(one, version) }).toEqual(one.library);
    });
  });

  describe('a config that the library or the evaluator refuses', () => {
    it.each(named(cases.filter(({ code }) => code !== undefined)))('%s', async (_name, one) => {
      const error = await errorOf(openModel(folderFor(one), new Registry(version)));
      expect(error).toMatchObject({ code: one.code, fault: 'miner', retry: 'never' });
      if (/^\[|^null|^NaN/.test(one.text)) expect(error.message).toContain('not a JSON object');
      else expect(keysOf(one).some((key) => `${error.message} ${error.hint}`.includes(key))).toBe(true);
    });

    it('is refused by the library as well, or asks for a way of generating that is not followed', () => {
      for (const { library, code } of cases)
        if (code !== undefined && code !== 'GENERATION_UNSUPPORTED') expect(library).toHaveProperty('error');
    });
  });
});
