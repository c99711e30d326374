import { randomUUID } from 'node:crypto';
import { toAssayError } from '../../errors/describe.js';
import { runtimeErrors } from '../errors.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';

/** The canary is tiny: what takes longer is sick. */
const DEADLINE_MS = 60_000;

/**
 * Has the evaluator score a model of known score: what tells a sick machine from a bad model. An evaluator without a
 * canary counts as healthy.
 * @throws EVALUATOR_SICK, or what keeps the evaluator from starting at all
 */
export async function requireHealth({ evaluator }: Pick<RuntimeDeps, 'evaluator'>, signal: AbortSignal): Promise<void> {
  if (!evaluator.canary) return;
  const { model, task, score, tolerance } = await evaluator.canary();
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
      reason: `it gives a model of loss ${score} the loss ${found}; ${limit} is tolerated`,
    });
  }
}
