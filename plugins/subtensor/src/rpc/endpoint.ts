import type { AssayError } from '@assay/core/errors/assay-error';

/** Wait after the first failure, and the longest, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;

/** A URL without user, password and query, which may hold a key: what logs and errors show. */
export function withoutCredentials(endpoint: string): string {
  try {
    const { protocol, host, pathname } = new URL(endpoint);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  } catch {
    return 'an endpoint that is no URL';
  }
}

/** What is known of one endpoint. Times are milliseconds of `performance.now`. */
export class Endpoint {
  /** Without credentials. */
  readonly shown: string;
  /** Newest block that it has told of. */
  head: number | null = null;
  trouble: string | null = null;
  /** Set when it can never be used: it belongs to another chain. */
  foreign: AssayError | undefined;
  #failures = 0;
  #restsUntil = 0;

  constructor(readonly url: string) {
    this.shown = withoutCredentials(url);
  }

  /** Milliseconds until it may be tried again. */
  restsFor(now: number): number {
    return this.foreign ? Number.POSITIVE_INFINITY : Math.max(0, this.#restsUntil - now);
  }

  /** Each failure in a row doubles the wait; up to a fifth more, so that validators do not come back all at once. */
  failed(reason: string, now: number, random: () => number = Math.random): void {
    this.trouble = reason;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#restsUntil = now + wait * (1 + random() / 5);
  }

  worked(): void {
    this.trouble = null;
    this.#failures = 0;
    this.#restsUntil = 0;
  }
}
