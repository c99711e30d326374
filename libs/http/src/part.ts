import type { Dispatcher } from 'undici';
import { storeErrors } from '@assay/core/model/errors';
import { contentRange, headerOf } from './headers.js';

export interface Part {
  start: number;
  /** The first byte after the part; it ends with the file where that is shorter and `size` is left out. */
  end: number;
  /** Bytes of the whole file; left out where they are not known yet. */
  size?: number;
}

/** Which bytes an answer holds. */
interface HeldPart {
  start: number;
  /** Undefined where the answer does not say it: it is then the whole file. */
  length: number | undefined;
  /** Bytes of the whole file; undefined where the server does not say. */
  size: number | undefined;
}

/**
 * Which bytes of a file an answer of status 200 or 206 holds: the part that was asked for, or the whole file.
 * @throws SOURCE_ANSWER_INVALID
 */
export function partOf(
  what: string,
  { statusCode, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  part: Part,
): HeldPart {
  const invalid = (reason: string): Error => storeErrors.SOURCE_ANSWER_INVALID({ what, reason });
  const stated = statedLength(headers);
  const held = statusCode === 206 ? heldByPart(contentRange(headers), part, invalid) : heldByWhole(stated, part);
  if (stated !== undefined && stated !== held.length)
    throw invalid(`it has ${stated} bytes in place of ${held.length ?? stated}`);
  return held;
}

function heldByPart(
  range: ReturnType<typeof contentRange>,
  { start, end, size }: Part,
  invalid: (reason: string) => Error,
): HeldPart {
  if (!range) throw invalid('it is a part of the file and does not say which');
  const last = size === undefined ? Math.min(end, range.total) : end;
  if (range.start !== start || range.end !== last || range.total !== (size ?? range.total))
    throw invalid(
      `bytes ${start} to ${last - 1} of ${size ?? range.total} were asked for, and it has ${range.start} to ${range.end - 1} of ${range.total}`,
    );
  return { start, length: last - start, size: range.total };
}

function heldByWhole(stated: number | undefined, part: Part): HeldPart {
  const size = part.size ?? stated;
  return { start: 0, length: size, size };
}

function statedLength(headers: Dispatcher.ResponseData['headers']): number | undefined {
  const stated = headerOf(headers, 'content-length');
  return stated === undefined ? undefined : Number(stated);
}
