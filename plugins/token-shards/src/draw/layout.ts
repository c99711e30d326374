import { shardErrors } from '../errors.js';
import type { NpyHeader } from '../npy/header.js';

/** The generator draws from ranges of 32 bits. */
const MOST_STARTS = 2 ** 32 - 1;

/** Where the sequences of a shard lie. Positions and lengths count tokens from the start of the data. */
export interface Layout {
  /** Sequences that can be drawn; joined ones may overlap. */
  starts: number;
  /** Tokens from one start to the next. */
  stride: number;
  /** Pieces that a sequence is joined of, each `piece` tokens, `stride` apart. */
  pieces: number;
  piece: number;
}

/**
 * A sequence is the first tokens of a record that is long enough, else consecutive records joined. One dimension: records
 * follow each other, and a rest is dropped. Two dimensions: one record a row, of which what is wider is cut.
 *
 * @throws SHARD_MALFORMED, RECORDS_DO_NOT_DIVIDE
 */
export function layoutOf(
  shard: string,
  { shape }: Pick<NpyHeader, 'shape'>,
  { record, sequence }: { record: number; sequence: number },
): Layout {
  if (record < sequence && sequence % record !== 0)
    throw shardErrors.RECORDS_DO_NOT_DIVIDE({ shard, record, sequence });
  const pieces = record >= sequence ? 1 : sequence / record;
  const piece = Math.min(record, sequence);
  const [first = 0, width] = shape;
  if (width !== undefined && width < record)
    throw shardErrors.SHARD_MALFORMED({
      shard,
      reason: `its rows have ${width} tokens, and records of ${record} are stated`,
    });
  const records = width === undefined ? Math.floor(first / record) : first;
  const stride = width ?? record;
  const starts = Math.max(0, records - pieces + 1);
  if (starts > MOST_STARTS) throw shardErrors.SHARD_MALFORMED({ shard, reason: `it has ${records} records` });
  // Records without a gap are read in one piece.
  return stride === piece ? { starts, stride, pieces: 1, piece: sequence } : { starts, stride, pieces, piece };
}
