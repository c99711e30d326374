import { AssayError, type ErrorPayload, type Fault, type Retry } from './assay-error.js';

/** One row of an error catalogue. `message` says what happened, `hint` the command or setting that mends it. */
export interface ErrorDefinition<P extends ErrorPayload> {
  fault: Fault;
  retry: Retry;
  message: (payload: P) => string;
  hint: (payload: P) => string;
}

type AnyDefinition = ErrorDefinition<never>;
type PayloadOf<D> = D extends { message: (payload: infer P) => string } ? P : never;

export type ErrorCatalogue<T extends Record<string, AnyDefinition>> = {
  readonly [Code in keyof T]: (payload: PayloadOf<T[Code]>, cause?: unknown) => AssayError;
};

/**
 * Turns a table of definitions into constructors: `throw chainErrors.NOT_REGISTERED({ hotkey, netuid })`.
 * The key is the code, so a code is spelled once.
 */
export function defineErrors<T extends Record<string, AnyDefinition>>(definitions: T): ErrorCatalogue<T> {
  const entries = Object.entries(definitions).map(([code, definition]) => {
    const { fault, retry, message, hint } = definition as unknown as ErrorDefinition<ErrorPayload>;
    const create = (payload: ErrorPayload, cause?: unknown): AssayError =>
      new AssayError({ code, message: message(payload), hint: hint(payload), fault, retry, payload }, { cause });
    return [code, create] as const;
  });
  return Object.fromEntries(entries) as unknown as ErrorCatalogue<T>;
}
