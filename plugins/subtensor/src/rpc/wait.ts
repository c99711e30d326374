import { abortError } from '@assay/core/errors/describe';
import { subtensorErrors } from '../errors.js';

/** @throws ABORTED, and CHAIN_CLOSED when the client is closed meanwhile */
export async function wait(ms: number, signal: AbortSignal, closing: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted || closing.aborted;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const each of [signal, closing]) each.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const each of [signal, closing]) each.addEventListener('abort', done);
    if (isOver()) done();
  });
  if (signal.aborted) throw abortError();
  if (closing.aborted) throw subtensorErrors.CHAIN_CLOSED({});
}
