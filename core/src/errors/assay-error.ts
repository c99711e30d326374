import { errorReport } from './error-report.js';
import { valueWithoutSecrets, withoutSecrets } from './secrets.js';

/** Whose doing it is. Only a miner's fault may lower a miner's score. */
export type Fault = 'miner' | 'validator' | 'network' | 'chain' | 'config';

/** When trying again makes sense; `grace` for as many blocks as the profile's `missingGrace` says, and not after that. */
export type Retry = 'never' | 'grace' | 'backoff' | 'next-round';

export type ErrorPayload = Readonly<Record<string, unknown>>;

/** The wire and journal form of an error. */
export interface ErrorReport {
  code: string;
  message: string;
  hint: string;
  fault: Fault;
  retry: Retry;
  payload: ErrorPayload;
}

const BRAND = Symbol.for('assay.error');

/** Every error that Assay raises on purpose. Text that a miner wrote belongs in `payload`, never in `hint`. */
export class AssayError extends Error implements ErrorReport {
  readonly [BRAND] = true;
  readonly code: string;
  readonly hint: string;
  readonly fault: Fault;
  readonly retry: Retry;
  readonly payload: ErrorPayload;

  constructor(report: ErrorReport, options?: { cause?: unknown }) {
    super(report.message, options);
    this.name = 'AssayError';
    this.code = report.code;
    this.hint = report.hint;
    this.fault = report.fault;
    this.retry = report.retry;
    this.payload = report.payload;
  }

  /** To be shown and kept: without what the process knows to be secret. */
  toReport(): ErrorReport {
    return reportOf(this);
  }
}

function reportOf({ code, message, hint, fault, retry, payload }: ErrorReport): ErrorReport {
  return {
    code,
    message: withoutSecrets(message),
    hint: withoutSecrets(hint),
    fault,
    retry,
    payload: valueWithoutSecrets(payload) as ErrorPayload,
  };
}

/** Whether it claims to be one of these. Nothing that came over the network can: JSON has no symbols. */
export function isMarked(error: unknown): error is object {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/**
 * True for errors of any copy of this package: plugins may bring their own. True as well for what a package without a copy
 * has marked, once every member is there and of its type; it lacks only the method, and is given it, so that whoever has
 * asked here may report it.
 */
export function isAssayError(error: unknown): error is AssayError {
  if (!isMarked(error)) return false;
  if ('toReport' in error) return typeof error.toReport === 'function';
  const { success, data } = errorReport.safeParse(error);
  return success && Reflect.defineProperty(error, 'toReport', { value: () => reportOf(data) });
}
