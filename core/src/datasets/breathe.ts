import { setImmediate } from 'node:timers/promises';

/** Nobody minds a wait of this length. */
const PATIENCE_MS = 20;
/** Of the process, as its event loop is. */
let breathedAt = 0;

/** Lets whatever waits have its turn: while row upon row is tokenized, deadlines and Ctrl+C would wait for the last of them. */
export async function breathe(signal: AbortSignal): Promise<void> {
  if (performance.now() - breathedAt < PATIENCE_MS) return;
  await setImmediate();
  breathedAt = performance.now();
  signal.throwIfAborted();
}
