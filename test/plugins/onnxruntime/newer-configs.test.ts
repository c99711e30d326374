import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isAssayError } from '@assay/core/errors/assay-error';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { CPU } from '@assay/plugin-onnxruntime/dist/devices/device.js';
import { openModel, type InspectedModel } from '@assay/lib-model-graph/inspect';
import { LIBRARIES, type Library } from '@assay/lib-model-graph/library';
import { generate, type GenerationOptions } from '@assay/lib-model-graph/generation/generate';
import { lossSessions, sampleLoss } from '@assay/plugin-onnxruntime/dist/running/losses.js';
import { NextTokens } from '@assay/plugin-onnxruntime/dist/running/next-tokens.js';
import { OnnxModel } from '@assay/plugin-onnxruntime/dist/onnx-engine.js';
import { spotLogits } from '@assay/lib-model-graph/program/spot-logits';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assembled, folderOf } from './folders.js';

const outcome = z.object({
  versions: z.array(z.enum(LIBRARIES as [Library, ...Library[]])),
  refused: z.literal(true).optional(),
  loss: z.number().default(NaN),
  spot: z.array(z.number()).default([]),
  ids: z.array(z.number()).default([]),
  parameters: z.number().default(0),
});
const config = z.record(z.string(), z.unknown());
const { base, cases, masked } = z
  .object({
    base: z.record(z.string(), config),
    cases: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        set: config,
        without: z.array(z.string()).default([]),
        bare: z.boolean().default(false),
        outcomes: z.array(outcome),
      }),
    ),
    masked: z.array(
      z.object({
        name: z.string(),
        library: z.enum(LIBRARIES as [Library, ...Library[]]),
        prompt: z.array(z.number()),
        pad: z.number(),
        ids: z.array(z.number()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/newer-configs.json'), 'utf8')));
type Case = (typeof cases)[number];

const SEQUENCE = Array.from({ length: 96 }, (_none, index) => (index * index * 7 + index * 37 + 11) % 119);
const PROMPT = SEQUENCE.slice(0, 60);
/** The token that ends a text of these models: the truth never chooses it. */
const END = 119;

const configOf = ({ type, set, without, bare }: Case): Record<string, unknown> => {
  const given = { ...base[type], ...set, ...(bare ? { tie_word_embeddings: true } : {}) };
  return Object.fromEntries(Object.entries(given).filter(([key]) => !without.includes(key)));
};

/** Noise of a linear congruential generator (Numerical Recipes) by the name of a tensor, as large as such weights are. */
function noiseOf(name: string, shape: readonly number[], one: number): Float32Array {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const [scale, offset] = name.includes('norm')
    ? [0.8, one]
    : /^(model\.embed|lm_head)/.test(name)
      ? [1.6, 0]
      : [shape.length === 2 ? 4.2 / Math.sqrt(shape[1] ?? 1) : 1, 0];
  let state = crc32(name);
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return offset + (state / 2 ** 32 - 0.5) * scale;
  });
}

/** A folder of the case. Its tensors are those that the registry asks for; none where it takes no such config. */
function folderFor(one: Case, registry: Registry): string {
  const architecture = registry.architectureOf(one.type);
  const parsed = architecture?.config.safeParse(configOf(one));
  const tensors = architecture && parsed?.success === true ? architecture.tensors(parsed.data) : [];
  return folderOf({
    'config.json': configOf(one),
    'model.safetensors': assembled(
      tensors.map(({ name, shape }) => ({
        name: one.bare ? name.replace('model.', '') : name,
        dtype: 'F32',
        shape,
        bytes: new Uint8Array(noiseOf(name, shape, one.type === 'gemma3_text' ? 0 : 1).buffer),
      })),
    ),
  });
}

/** A model that may choose every token but the last one. */
async function openedModel(one: Case, registry: Registry): Promise<Awaited<ReturnType<typeof openModel>>> {
  const opened = await openModel(folderFor(one, registry), registry);
  return { ...opened, generation: { ...opened.generation, eos_token_id: [], suppress_tokens: [END] } };
}

const options = { threads: 1, device: CPU, attention: 'eager' as const };
const loader =
  (model: InspectedModel): GenerationOptions['load'] =>
  (run) =>
    NextTokens.load(model, run, options);

async function expectScored(one: Case, truth: z.infer<typeof outcome>, registry: Registry): Promise<void> {
  const model = await openedModel(one, registry);
  expect(model.parameterCount).toBe(truth.parameters);
  const sessions = lossSessions(model, options);
  const loss = await sampleLoss(sessions, [SEQUENCE], { packed: true, padTokenId: END });
  await sessions.release();
  expect(Math.abs(loss - truth.loss)).toBeLessThan(1e-5);
  const samples = (async function* () {
    await Promise.resolve();
    yield [SEQUENCE];
  })();
  const computed = new OnnxModel(model, options);
  const spot = (await spotLogits(computed, samples, truth.spot.length)).flat(2);
  await computed.release();
  for (const [index, logit] of truth.spot.entries())
    expect(Math.abs((spot[index] ?? NaN) - logit)).toBeLessThanOrEqual(1e-3 * Math.abs(logit) + 1e-4);
  const generation = { load: loader(model), count: truth.ids.length, padTokenId: END, seenLength: 0 };
  if (truth.ids.length > 0) expect(await generate(model, [PROMPT], generation)).toEqual([truth.ids]);
}

async function expectRefused(one: Case, registry: Registry): Promise<void> {
  const error: unknown = await openModel(folderFor(one, registry), registry).catch((reason: unknown) => reason);
  if (!isAssayError(error)) throw new Error(`${one.name} was not refused`, { cause: error });
  expect(error.fault).toBe('miner');
  expect(error.code).toBe(one.bare ? 'TENSOR_MISSING' : 'CONFIG_UNSUPPORTED');
}

describe.each(LIBRARIES)('configs of Qwen3, Phi-3, Gemma 3 and OLMo 2 by version %s of the library', (library) => {
  const registry = new Registry(library);
  const known = cases.flatMap((one) => {
    const truth = one.outcomes.find(({ versions }) => versions.includes(library));
    return truth ? [{ name: one.name, one, truth }] : [];
  });

  it.each(known)('$name', async ({ one, truth }) => {
    await (truth.refused ? expectRefused(one, registry) : expectScored(one, truth, registry));
  });
});

describe('continuations of a prompt with masked tokens', () => {
  it.each(masked)('$name by version $library', async ({ name, library, prompt, pad, ids }) => {
    const one = cases.find((other) => other.name === name);
    if (!one) throw new Error(`no case ${name}`);
    const model = await openedModel(one, new Registry(library));
    const generation = { load: loader(model), count: ids.length, padTokenId: pad, seenLength: 0 };
    expect(await generate(model, [prompt], generation)).toEqual([ids]);
  });
});
