import type { OpenedFile } from '../../contracts/model-store.js';
import { storeErrors } from '../errors.js';

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
    const code = errnoOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    if (FULL.has(code)) throw storeErrors.STORE_FULL({ directory }, error);
    throw storeErrors.STORE_FAILED({ directory, reason: error.message }, error);
  }
}

/**
 * What a source opens. An error of the system that it lets through is its own, not that of the disk that receives: a
 * connection that breaks has an errno as well.
 */
export async function openedBySource(what: string, open: () => Promise<OpenedFile>): Promise<OpenedFile> {
  try {
    const opened = await open();
    return { ...opened, bytes: guarded(what, opened.bytes) };
  } catch (error) {
    throw ofSource(what, error);
  }
}

async function* guarded(what: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw ofSource(what, error);
  }
}

function ofSource(what: string, error: unknown): unknown {
  if (errnoOf(error) === undefined || !(error instanceof Error)) return error;
  return storeErrors.SOURCE_UNREACHABLE({ what, reason: error.message }, error);
}
