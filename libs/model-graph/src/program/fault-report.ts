import { isAssayError, type ErrorReport } from '@assay/core/errors/assay-error';
import { evaluatorErrors } from '../errors.js';

const MAX_TEXT = 200;
const MAX_ITEMS = 20;

/**
 * An error as it goes over the wire. What is not a coded error came out of the runtime, and is not held against the
 * miner. Text that a miner wrote travels in the payload, cut to a length that a journal can hold.
 */
export function faultReport(error: unknown): ErrorReport {
  if (!isAssayError(error))
    return evaluatorErrors
      .RUNTIME_FAILED({ reason: error instanceof Error ? error.message : String(error) })
      .toReport();
  const { payload, ...report } = error.toReport();
  return { ...report, payload: Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, short(value)])) };
}

function short(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS).map(short) : value;
}
