import { isAssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';

/**
 * Settles as `work` does, or rejects when the signal fires, also where `work` ignores it: with the signal's reason where that
 * has a code, and else with ABORTED.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(isAssayError(signal.reason) ? signal.reason : abortError());
    };
  });
  // The loser of the race must not become an unhandled rejection.
  aborted.catch(() => undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
