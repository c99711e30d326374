import type { AssayError } from '@assay/core/errors/assay-error';
import { keepSecret } from '@assay/core/errors/secrets';

/** Wait after the first failure, and for one that belongs to another chain, in milliseconds. */
const FIRST_WAIT = 500;
const FOREIGN_WAIT = 60_000;
/** A part of a path that is so long may be a key, as some providers put it there. */
const KEY_IN_PATH = /[^/]{16,}/g;

/** A URL without what may be secret in it: user, password, query, and parts of the path that look like a key. */
export function withoutCredentials(endpoint: string): string {
  try {
    const { protocol, host, pathname } = new URL(endpoint);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname.replaceAll(KEY_IN_PATH, '…')}`;
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
  /** Set while it belongs to another chain. It is looked at again now and then: a node may be replaced. */
  foreign: AssayError | undefined;
  /** The block at which it told of no further ones, until it tells of one. */
  stoodAt: number | undefined;
  #failures = 0;
  #restsUntil = 0;

  /** @param longestWaitMs between two tries, however often it has failed */
  constructor(
    readonly url: string,
    private readonly longestWaitMs: number,
  ) {
    this.shown = withoutCredentials(url);
    keepSecretsOf(url);
  }

  /** Milliseconds until it may be tried again. */
  restsFor(now: number): number {
    return Math.max(0, this.#restsUntil - now);
  }

  /** Each failure in a row doubles the wait; up to a fifth more, so that validators do not come back all at once. */
  failed(reason: string, now: number, random: () => number = Math.random): void {
    this.trouble = reason;
    const wait = this.foreign ? FOREIGN_WAIT : Math.min(this.longestWaitMs, FIRST_WAIT * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#restsUntil = now + wait * (1 + random() / 5);
  }

  worked(): void {
    this.trouble = null;
    this.#failures = 0;
    this.#restsUntil = 0;
  }
}

/** Errors and logs never quote a URL; should one do so after all, these are replaced in it. */
function keepSecretsOf(url: string): void {
  if (!URL.canParse(url)) return;
  const { password, pathname, searchParams } = new URL(url);
  const values = [password, decoded(password), ...searchParams.values(), ...(pathname.match(KEY_IN_PATH) ?? [])];
  for (const value of values) keepSecret('key of an endpoint', value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
