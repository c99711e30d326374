import { AssayError, isAssayError } from './assay-error.js';

/**
 * Any thrown value as an AssayError. What nobody foresaw is the validator's own fault: it may never cost a miner.
 */
export function toAssayError(error: unknown): AssayError {
  if (isAssayError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AssayError(
    {
      code: 'INTERNAL',
      message: `Unexpected error: ${message}`,
      hint: 'This is a defect in Assay or a plugin: please report it with the log around it.',
      fault: 'validator',
      retry: 'next-round',
      payload: {},
    },
    { cause: error },
  );
}

/** The error that an aborted signal stands for. */
export function abortError(): AssayError {
  return new AssayError({
    code: 'ABORTED',
    message: 'Stopped on request.',
    hint: 'Start again to continue from the stored state.',
    fault: 'validator',
    retry: 'next-round',
    payload: {},
  });
}

/** What lies behind an error, for the log. */
export function causeOf(error: AssayError): string {
  const { cause } = error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : '';
}
