import type { OpenedFile } from '../../contracts/model-store.js';
import { storeErrors } from '../errors.js';
import { untilAborted } from '../../runtime/until-aborted.js';

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
 * What a source opens; ends with the signal, whether the source heeds it or not. An error of the system that it lets through is its own, not that of the disk that receives: a
 * connection that breaks has an errno as well.
 */
export async function openedBySource(
  what: string,
  open: () => Promise<OpenedFile>,
  signal: AbortSignal,
): Promise<OpenedFile> {
  try {
    const opened = await untilAborted(open(), signal);
    return { ...opened, bytes: guarded(what, opened.bytes, signal) };
  } catch (error) {
    throw ofSource(what, error);
  }
}

async function* guarded(
  what: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), signal);
      if (next.done === true) break;
      yield next.value;
    }
    ended = true;
  } catch (error) {
    throw ofSource(what, error);
  } finally {
    if (!ended) await letGo(iterator, signal);
  }
}

/** What goes wrong while a source lets go says nothing about what it gave. */
async function letGo(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<void> {
  const going = Promise.resolve(iterator.return?.());
  await untilAborted(going, signal).catch(() => undefined);
}

function ofSource(what: string, error: unknown): unknown {
  if (errnoOf(error) === undefined || !(error instanceof Error)) return error;
  return storeErrors.SOURCE_UNREACHABLE({ what, reason: error.message }, error);
}
