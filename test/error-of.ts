import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';

/** The coded error with which work rejects. Any other error is thrown, and so is one of its own when the work succeeds. */
export async function errorOf(work: Promise<unknown>): Promise<AssayError> {
  try {
    await work;
  } catch (error) {
    if (isAssayError(error)) return error;
    throw error;
  }
  throw new Error('it did not reject');
}
