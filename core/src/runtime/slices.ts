import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from '../judging/steps.js';

/** How long a calculation may hold the event loop at a time, in milliseconds. */
const SLICE_MS = 20;

/** Runs a calculation to its end, and lets timers, signals and answers of the network have their turn on the way. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  let startedAt = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - startedAt < SLICE_MS) continue;
    await nextTurn();
    startedAt = performance.now();
  }
}
