import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluationAnswer, EvaluationProgress, Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { Log } from '@assay/core/contracts/logger';
import type { VerifiedModel } from '@assay/core/contracts/model';
import type { EvaluationTask } from '@assay/core/contracts/evaluation-task';
import { TASK_KINDS, taskKindOf } from '@assay/core/kinds/task-kinds';
import { textLossDetails, type TextLossDetails } from '@assay/core/kinds/text-loss/schemas';
import { isReasonable, promptsOf } from '@assay/core/kinds/text-loss/text-loss';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { abortError } from '@assay/core/errors/describe';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-onnxruntime';
import { z } from 'zod';
import { textLossTaskOf, type TextSamples } from '../../sample-file.js';
import { scratchFolder } from './scratch.js';

export const FIXTURES = join(import.meta.dirname, '../../fixtures/models');
export const VARIANTS = join(import.meta.dirname, '../../fixtures/variants');
export const DEMO = join(import.meta.dirname, '../../../competitions/demo/assets/models');

const { signal } = new AbortController();

const deps = {
  clock: { now: (): number => Date.now(), sleep: async (): Promise<void> => Promise.reject(abortError()) },
  dataDir: tmpdir(),
  netuid: 1,
  modules: [],
  make: makesNothing,
  environment: {},
  log: (): void => undefined,
  resolvePath: (path: string): string => path,
};

/** @param modules file URLs of architectures that are added */
export async function newInspector(
  modules: string[] = [],
  given: Record<string, unknown> = {},
): Promise<ModelInspector> {
  const factory = plugin.provides.inspector;
  if (!factory) throw new Error('the plugin provides no inspector');
  const options: unknown = factory.options.parse(given);
  return factory.create(options, { ...deps, modules }, signal);
}

export async function newEvaluator(
  given: Record<string, unknown> = {},
  modules: string[] = [],
  log: Log = deps.log,
  ofSubnet?: string,
): Promise<Evaluator> {
  const factory = plugin.provides.evaluator;
  if (!factory) throw new Error('the plugin provides no evaluator');
  const options: unknown = factory.options.parse(given);
  const library = ofSubnet === undefined ? {} : { library: ofSubnet };
  return factory.create(options, { ...deps, ...library, modules, log }, signal);
}

/** A copy of a fixture that a test may spoil. */
export function copyOf(folder: string): string {
  const copy = scratchFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

export async function verified(inspector: ModelInspector, directory: string): Promise<VerifiedModel> {
  const files = readdirSync(directory).map((path) => ({
    path,
    size: statSync(join(directory, path)).size,
    sha256: '',
  }));
  return {
    reference: { namespace: 'tests', name: 'model', revision: '0'.repeat(40) },
    directory,
    files,
    facts: await inspector.inspect(directory, signal),
  };
}

export const taskOf = (samples: TextSamples, extras: string[] = []): EvaluationTask =>
  textLossTaskOf(scratchFolder(), samples, extras);

export async function evaluate(
  evaluator: Evaluator,
  model: VerifiedModel,
  tasks: EvaluationTask[],
  limits: {
    deadlineMs?: number;
    signal?: AbortSignal;
    keep?: boolean;
    onProgress?: (progress: EvaluationProgress) => void;
  } = {},
): Promise<EvaluationAnswer> {
  const request = {
    id: `${model.facts.evaluationDigest}-${tasks.map(({ samplesDigest }) => samplesDigest).join('-')}`,
    model,
    tasks,
    deadlineMs: limits.deadlineMs ?? 60_000,
    keep: limits.keep ?? false,
  };
  return evaluator.evaluate(request, limits.onProgress ?? (() => undefined), limits.signal ?? signal);
}

/** What the evaluator has found out about a task. */
export function detailsOf(answer: EvaluationAnswer, index = 0): TextLossDetails & { losses: number[] } {
  const { losses = [], details } = answer.results[index] ?? {};
  return { ...textLossDetails.parse(details), losses };
}

/** The judge's verdict on the generations of the first task; null where nothing was continued. */
export function isReasonableAnswer(
  { results: [result] }: EvaluationAnswer,
  { batches, promptLength, generatedTokens: tokens }: TextSamples,
): boolean | null {
  if (!result) throw new Error('there is no result');
  const parameters = { continuation: promptLength === 0 ? null : { promptLength, tokens } };
  const kind = taskKindOf({ ...result, pages: 1, batchSize: 1, packSamples: true, parameters }, TASK_KINDS);
  return isReasonable(kind.record(result, promptsOf(batches, promptLength)), result.name);
}

const perhapsInfinite = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

/** golden.json of a model: what the library itself computed. */
const golden = z.object({
  parameter_count: z.number(),
  pad_token_id: z.number(),
  batches: z.array(z.array(z.array(z.number()))).optional(),
  batches_file: z.string().optional(),
  losses: z.array(perhapsInfinite),
  flash_attention_2_path: z.object({ losses: z.array(perhapsInfinite).nullish() }).nullish(),
  losses_unpacked: z.array(perhapsInfinite).optional(),
  logits_spot: z.array(z.array(z.array(perhapsInfinite))).optional(),
  prompt_length: z.number().default(100),
  generations: z.array(z.array(z.array(z.number()))),
  /** By prompt and step: how far the chosen token was ahead of the next one, at least, among the rows. */
  generation_min_margins: z.array(z.array(perhapsInfinite)),
  reasonable: z.boolean().optional(),
});
export type Golden = z.infer<typeof golden> & { batches: number[][][] };

const jsonOf = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export function goldenOf(directory: string): Golden {
  const known = golden.parse(jsonOf(join(directory, 'golden.json')));
  const {
    batches = z
      .object({ batches: z.array(z.array(z.array(z.number()))) })
      .parse(jsonOf(join(directory, known.batches_file ?? ''))).batches,
  } = known;
  return { ...known, batches };
}

export const samplesOf = (given: Golden, packed = true): TextSamples => ({
  batches: given.batches,
  padTokenId: given.pad_token_id,
  packed,
  promptLength: packed ? given.prompt_length : 0,
  generatedTokens: 20,
});

/** Awaits the coded error that a promise must reject with. */
export async function errorOf(work: Promise<unknown>): Promise<AssayError> {
  try {
    await work;
  } catch (error) {
    if (isAssayError(error)) return error;
    throw error;
  }
  throw new Error('it did not reject');
}
