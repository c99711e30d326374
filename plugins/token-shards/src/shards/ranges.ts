import { endianness } from 'node:os';
import type { Span } from '../draw/shard.js';
import { BYTES_PER_TOKEN } from '../npy/header.js';

/** Bytes between two pieces that are read with them: another request takes longer than these. */
const GAP = 64 * 1024;
const LONGEST = 8 * 1024 ** 2;

/** Bytes of a shard, from the start of its data. */
interface ByteRange {
  start: number;
  end: number;
}

/** A piece of a sequence: where it lies, and where it goes to. */
interface Piece extends ByteRange {
  target: Uint8Array;
}

/** Bytes to read, and the pieces that are within them. */
export interface PlannedRange extends ByteRange {
  pieces: Piece[];
}

/** Sequences that are filled from ranges of bytes. */
export interface ReadPlan {
  rows: Uint32Array[];
  /** In order of position; pieces that lie close together share a range. */
  ranges: PlannedRange[];
}

export function planOf(sequences: readonly (readonly Span[])[]): ReadPlan {
  const rows = sequences.map((spans) => new Uint32Array(spans.reduce((sum, { tokens }) => sum + tokens, 0)));
  const pieces = sequences.flatMap((spans, index) => piecesOf(spans, rows[index] ?? new Uint32Array(0)));
  pieces.sort((a, b) => a.start - b.start);
  const ranges: PlannedRange[] = [];
  for (const piece of pieces) {
    const last = ranges.at(-1);
    if (last && piece.start - last.end <= GAP && piece.end - last.start <= LONGEST) {
      last.end = Math.max(last.end, piece.end);
      last.pieces.push(piece);
    } else ranges.push({ start: piece.start, end: piece.end, pieces: [piece] });
  }
  return { rows, ranges };
}

function piecesOf(spans: readonly Span[], row: Uint32Array): Piece[] {
  let filled = 0;
  return spans.map(({ at, tokens }) => {
    const target = new Uint8Array(row.buffer, filled * BYTES_PER_TOKEN, tokens * BYTES_PER_TOKEN);
    filled += tokens;
    return { start: at * BYTES_PER_TOKEN, end: (at + tokens) * BYTES_PER_TOKEN, target };
  });
}

/** Copies what was read into the sequences. @param bytes of the whole range */
export function distribute({ start, pieces }: PlannedRange, bytes: Uint8Array): void {
  for (const piece of pieces) {
    piece.target.set(bytes.subarray(piece.start - start, piece.end - start));
    if (endianness() === 'BE') Buffer.from(piece.target.buffer, piece.target.byteOffset, piece.target.length).swap32();
  }
}
