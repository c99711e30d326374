import type { IncomingHttpHeaders } from 'undici/types/header.js';

export type AnswerHeaders = IncomingHttpHeaders;

/** A header that has come once. */
export function headerOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** A strong entity tag without its quotes. */
export function strongTag(headers: AnswerHeaders, name = 'etag'): string | undefined {
  return /^"([\x21\x23-\x7e]{1,256})"$/.exec(headerOf(headers, name) ?? '')?.[1];
}

/** Milliseconds that a service asks for: `Retry-After` as seconds or a date, else the reset of its `RateLimit`. */
export function retryAfterMs(headers: AnswerHeaders, now: number): number | undefined {
  const value = headerOf(headers, 'retry-after');
  const reset = /;\s*t=(\d{1,6})\b/.exec(headerOf(headers, 'ratelimit') ?? '')?.[1];
  const ms =
    value === undefined
      ? Number(reset ?? Number.NaN) * 1000
      : /^\d{1,9}$/.test(value)
        ? Number(value) * 1000
        : Date.parse(value) - now;
  return ms > 0 ? ms : undefined;
}

/** Bytes `start` to before `end` of `total`. */
interface ContentRange {
  start: number;
  end: number;
  total: number;
}

export function contentRange(headers: AnswerHeaders): ContentRange | undefined {
  const [, first, last, total] =
    /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(headerOf(headers, 'content-range') ?? '') ?? [];
  if (first === undefined || last === undefined || total === undefined) return undefined;
  return { start: Number(first), end: Number(last) + 1, total: Number(total) };
}
