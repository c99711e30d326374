import { storeErrors } from './errors.js';

/** The system's name for what went wrong with a call on a file: ENOENT, ENOSPC, ... */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Trouble with the disk is the validator's, never the miner's. @throws STORE_FULL, STORE_FAILED */
export async function diskGuard<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceFailure) throw error.cause;
    const code = errnoOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    if (FULL.has(code)) throw storeErrors.STORE_FULL({ directory }, error);
    throw storeErrors.STORE_FAILED({ directory, reason: error.message }, error);
  }
}

/** Carries a source's own error past the guard: a connection that breaks has an errno as well. */
class SourceFailure extends Error {}

/** The same bytes; what goes wrong with the source comes out of `diskGuard` as it went in. */
export async function* guardedSource(open: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* open();
  } catch (error) {
    throw new SourceFailure('source failed', { cause: error });
  }
}
