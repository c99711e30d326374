import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { AssayError } from '@assay/core/errors/assay-error';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { TextLossDetails } from '@assay/core/kinds/text-loss/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { detailsOf, evaluate, isReasonableAnswer, newEvaluator, newInspector, taskOf, verified } from './worlds.js';

const CASES = join(import.meta.dirname, '../../fixtures/cases');
/** Another order of additions in float32 may pick another token where two were this close. */
const CLOSE_MARGIN = 1e-3;

const expectation = z.object({
  kind: z.string(),
  outcome: z.enum(['scored', 'refused']).optional(),
  losses: z.array(z.number()).default([]),
  parameterCount: z.number().optional(),
  reasonable: z.boolean().optional(),
  generations: z.array(z.array(z.array(z.number()))).optional(),
  generationMargins: z.array(z.array(z.number())).default([]),
  code: z.string().optional(),
  fault: z.string().default('miner'),
  saysAny: z.array(z.string()).default([]),
  saysNone: z.array(z.string()).default([]),
  orRefused: z.boolean().default(false),
});
type Expectation = z.infer<typeof expectation>;

const sequences = z.object({
  batches: z.array(z.array(z.array(z.number()))),
  prompt_length: z.number(),
  pad_token_id: z.number(),
});

const jsonOf = (name: string, file: string): unknown => JSON.parse(readFileSync(join(CASES, name, file), 'utf8'));
const cases = readdirSync(CASES)
  .filter((name) => existsSync(join(CASES, name, 'expected.json')))
  .map((name) => ({ name, expected: expectation.parse(jsonOf(name, 'expected.json')) }))
  .filter(({ expected }) => expected.kind === 'model');

let evaluator: Evaluator;
let inspector: ModelInspector;

beforeAll(async () => {
  [evaluator, inspector] = await Promise.all([newEvaluator({ processPerModel: false }), newInspector()]);
});
afterAll(async () => {
  await Promise.all([evaluator.close(), inspector.close()]);
});

interface Scored {
  losses: number[];
  details: TextLossDetails;
  reasonable: boolean | null;
  parameterCount: number;
}

async function outcomeOf(name: string): Promise<Scored | AssayError> {
  const given = sequences.parse(jsonOf(name, 'sequences.json'));
  const samples = {
    batches: given.batches,
    padTokenId: given.pad_token_id,
    packed: true,
    promptLength: given.prompt_length,
    generatedTokens: 20,
  };
  try {
    const model = await verified(inspector, join(CASES, name, 'model'));
    const answer = await evaluate(evaluator, model, [taskOf(samples)]);
    const { losses, ...details } = detailsOf(answer);
    const reasonable = isReasonableAnswer(answer, samples);
    return { losses, details, reasonable, parameterCount: model.facts.parameterCount };
  } catch (error) {
    if (isAssayError(error)) return error;
    throw error;
  }
}

function expectScored({ losses, details, reasonable, parameterCount }: Scored, expected: Expectation): void {
  expect(losses).toHaveLength(expected.losses.length);
  for (const [index, loss] of losses.entries())
    expect(Math.abs(loss - (expected.losses[index] ?? Number.NaN))).toBeLessThan(1e-5);
  expect(parameterCount).toBe(expected.parameterCount ?? parameterCount);
  expect(reasonable).toBe(expected.reasonable ?? reasonable);
  if (!expected.generations) return;
  const certain = (generations: readonly (readonly (readonly number[])[])[]): number[][][] =>
    generations.map((rows, prompt) => {
      const close = expected.generationMargins[prompt]?.findIndex((margin) => margin < CLOSE_MARGIN) ?? -1;
      return rows.map((row) => row.slice(0, close < 0 ? row.length : close));
    });
  expect(certain(details.generations)).toEqual(certain(expected.generations));
}

function expectRefused({ code, message, hint, fault }: AssayError, expected: Expectation): void {
  const said = `${code} ${message} ${hint}`.toLowerCase();
  expect(fault).toBe(expected.fault);
  expect(code).toBe(expected.code ?? code);
  expect(
    expected.saysAny.length === 0 || expected.saysAny.some((word) => said.includes(word.toLowerCase())),
    said,
  ).toBe(true);
  for (const word of expected.saysNone) expect(said).not.toContain(word.toLowerCase());
}

describe('models of the cases', () => {
  it('are many', () => {
    expect(cases.length).toBeGreaterThan(40);
  });

  it.each(cases)('$name: $expected.outcome', async ({ name, expected }) => {
    const outcome = await outcomeOf(name);
    if (!isAssayError(outcome)) {
      expect(expected.outcome).toBe('scored');
      expectScored(outcome, expected);
    } else if (expected.outcome === 'refused') expectRefused(outcome, expected);
    else expect(expected.orRefused, outcome.message).toBe(true);
  });
});
