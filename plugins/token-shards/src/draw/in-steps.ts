import { breathe } from '@assay/core/datasets/breathe';

/** Runs a calculation to its end, and lets the process do other things meanwhile. */
export async function inSteps<T>(steps: Generator<undefined, T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await breathe(signal);
  }
}
