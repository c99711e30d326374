import type { Dispatcher } from 'undici';
import { storeErrors } from '@assay/core/model/errors';
import { contentRange, headerOf } from './headers.js';

export interface Part {
  start: number;
  end: number;
  /** Bytes of the whole file. */
  size: number;
}

/**
 * Which bytes of a file an answer of status 200 or 206 holds: the part that was asked for, or the whole file.
 * @throws SOURCE_ANSWER_INVALID
 */
export function partOf(
  what: string,
  { statusCode, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  { start, end, size }: Part,
): { start: number; length: number } {
  const invalid = (reason: string): Error => storeErrors.SOURCE_ANSWER_INVALID({ what, reason });
  const partial = statusCode === 206;
  if (partial) {
    const range = contentRange(headers);
    if (!range) throw invalid('it is a part of the file and does not say which');
    if (range.start !== start || range.end !== end || range.total !== size)
      throw invalid(
        `bytes ${start} to ${end - 1} of ${size} were asked for, and it has ${range.start} to ${range.end - 1} of ${range.total}`,
      );
  }
  const length = partial ? end - start : size;
  const stated = headerOf(headers, 'content-length');
  if (stated !== undefined && Number(stated) !== length) throw invalid(`it has ${stated} bytes in place of ${length}`);
  return { start: partial ? start : 0, length };
}
