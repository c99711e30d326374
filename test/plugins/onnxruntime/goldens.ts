import type { EvaluationAnswer, Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import { expect } from 'vitest';
import { detailsOf, evaluate, goldenOf, samplesOf, taskOf, verified, type Golden } from './worlds.js';

/** Another order of additions in float32 may pick another token where two were this close. */
const CLOSE_MARGIN = 1e-3;

export interface World {
  evaluator: Evaluator;
  inspector: ModelInspector;
}

export function expectClose(
  actual: readonly number[],
  expected: readonly (number | string)[] | null | undefined,
): void {
  expect(actual).toHaveLength(expected?.length ?? -1);
  for (const [index, loss] of actual.entries()) expect(Math.abs(loss - Number(expected?.[index]))).toBeLessThan(1e-5);
}

function expectSpots(
  actual: readonly (readonly (readonly number[])[])[] | undefined,
  expected: Golden['logits_spot'],
): void {
  const [ours, theirs] = [actual?.flat(2) ?? [], expected?.flat(2).map(Number) ?? []];
  expect(ours).toHaveLength(theirs.length);
  for (const [index, logit] of theirs.entries())
    expect(Math.abs((ours[index] ?? Number.NaN) - logit)).toBeLessThanOrEqual(1e-3 * Math.abs(logit) + 1e-4);
}

/** Token for token up to the first close call; all rows of a prompt share their margins. */
function certainTokens(generations: readonly (readonly (readonly number[])[])[], golden: Golden): number[][][] {
  return generations.map((rows, prompt) => {
    const close = golden.generation_min_margins[prompt]?.findIndex((margin) => Number(margin) < CLOSE_MARGIN) ?? -1;
    return rows.map((row) => row.slice(0, close < 0 ? row.length : close));
  });
}

/** A folder whose losses, first logits and generated tokens are those of its golden.json. */
export async function expectGolden(
  { evaluator, inspector }: World,
  directory: string,
): Promise<{ answer: EvaluationAnswer; golden: Golden }> {
  const golden = goldenOf(directory);
  const model = await verified(inspector, directory);
  expect(model.facts.parameterCount).toBe(golden.parameter_count);
  const answer = await evaluate(evaluator, model, [
    taskOf(samplesOf(golden), ['logits-spot']),
    taskOf(samplesOf(golden, false)),
  ]);
  const details = detailsOf(answer);
  expectClose(details.losses, golden.losses);
  expectSpots(details.logitsSpot, golden.logits_spot);
  expect(certainTokens(details.generations, golden)).toEqual(certainTokens(golden.generations, golden));
  return { answer, golden };
}
