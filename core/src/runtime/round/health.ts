import { randomUUID } from 'node:crypto';
import type { Canary } from '../../contracts/evaluator.js';
import { toAssayError } from '../../errors/describe.js';
import { runtimeErrors } from '../errors.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';

/** The canary is tiny: what takes longer is sick. */
const DEADLINE_MS = 60_000;

/** The canaries that take the ways of these classes, each once; none where the evaluator has none. */
export async function canariesFor(
  { evaluator }: Pick<RuntimeDeps, 'evaluator'>,
  architectures: Iterable<string>,
): Promise<Canary[]> {
  const byModel = new Map<string, Canary>();
  for (const architecture of new Set(architectures)) {
    const canary = await evaluator.canary?.(architecture);
    if (canary) byModel.set(canary.model.facts.evaluationDigest, canary);
  }
  return [...byModel.values()];
}

/**
 * Has the evaluator score a model of known score: what tells a sick machine from a bad model.
 * @throws EVALUATOR_SICK, or what keeps the evaluator from starting at all
 */
export async function requireHealth(
  { evaluator }: Pick<RuntimeDeps, 'evaluator'>,
  { model, task, score, tolerance }: Canary,
  signal: AbortSignal,
): Promise<void> {
  let found: number;
  let limit: number;
  try {
    const { results, numerics } = await evaluator.evaluate(
      { id: randomUUID(), model, tasks: [task], deadlineMs: DEADLINE_MS },
      () => undefined,
      signal,
    );
    const losses = results[0]?.losses ?? [];
    found = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    limit = tolerance(numerics);
  } catch (error) {
    const known = toAssayError(error);
    if (isAbort(error) || known.fault === 'config') throw error;
    throw runtimeErrors.EVALUATOR_SICK({ reason: known.message }, error);
  }
  if (!(Math.abs(found - score) <= limit)) {
    throw runtimeErrors.EVALUATOR_SICK({
      reason: `it gives a model (${model.facts.architecture}) of loss ${score} the loss ${found}; ${limit} is tolerated`,
    });
  }
}
