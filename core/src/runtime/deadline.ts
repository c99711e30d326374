import type { AssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';

/**
 * Runs `work` with a signal that fires after `ms` or with `signal`. Settles then even if `work` ignores its signal: a
 * call that never returns may not stop a loop (the reference's deadlines could not fire).
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  onExpiry: () => AssayError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw abortError();
  const controller = new AbortController();
  let settle: (error: AssayError) => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    settle = reject;
  });
  const onAbort = (): void => {
    controller.abort();
    settle(abortError());
  };
  const timer = setTimeout(() => {
    controller.abort();
    settle(onExpiry());
  }, ms);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const working = work(controller.signal);
    // The loser of the race must not become an unhandled rejection.
    working.catch(() => undefined);
    interrupted.catch(() => undefined);
    return await Promise.race([working, interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
