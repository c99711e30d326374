import { configErrors } from '../config/errors.js';
import type { Log } from '../contracts/logger.js';
import { isAssayError } from '../errors/assay-error.js';
import { messageOf, toAssayError } from '../errors/describe.js';
import { isAbort } from '../runtime/supervise.js';

/**
 * Runs the check of an implementation. What is missing on this machine ends the start; a service that does not answer is only
 * logged, for a run waits for services.
 * @param name of the implementation, for the error
 * @throws the check's own error, or IMPLEMENTATION_NOT_READY where it has no code
 */
export async function requireReady(name: string, check: () => Promise<void> | undefined, log: Log): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (isAbort(error)) throw error;
    if (!isAssayError(error)) throw configErrors.IMPLEMENTATION_NOT_READY({ name, reason: messageOf(error) }, error);
    if (error.fault !== 'network' && error.fault !== 'chain') throw error;
    const { code, message } = toAssayError(error).toReport();
    log('warn', 'a service that is needed does not answer yet', { name, code, message });
  }
}
