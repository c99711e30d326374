import { endianness } from 'node:os';
import type { Span } from '../draw/shard.js';
import { BYTES_PER_TOKEN } from '../npy/header.js';

/** Bytes between two pieces that are read with them: another request takes longer than these. */
const GAP = 64 * 1024;
/** To copy this many bytes takes a few milliseconds. */
const LONGEST = 4 * 1024 ** 2;

/** Bytes of a shard, from the start of its data. */
interface ByteRange {
  start: number;
  end: number;
}

/** A piece of a sequence: where it lies, and where in which sequence it goes to, in tokens. */
interface Piece extends ByteRange {
  row: number;
  at: number;
}

/** Bytes to read, and the pieces that are within them. */
export interface PlannedRange extends ByteRange {
  pieces: Piece[];
}

/** Which bytes are read, and the sequences that are made of them. */
export class ReadPlan {
  /** In order of position; pieces that lie close together share a range. */
  readonly ranges: readonly PlannedRange[];
  readonly #lengths: number[];
  readonly #rows: Uint32Array[] = [];

  constructor(sequences: readonly (readonly Span[])[]) {
    this.#lengths = sequences.map((spans) => spans.reduce((sum, { tokens }) => sum + tokens, 0));
    this.ranges = joined(sequences.flatMap(piecesOf));
  }

  /** Copies what was read into the sequences. @param bytes of the whole range */
  fill({ start, pieces }: PlannedRange, bytes: Uint8Array): void {
    for (const piece of pieces) {
      const row = (this.#rows[piece.row] ??= new Uint32Array(this.#lengths[piece.row] ?? 0));
      const target = Buffer.from(row.buffer, piece.at * BYTES_PER_TOKEN, piece.end - piece.start);
      target.set(bytes.subarray(piece.start - start, piece.end - start));
      if (endianness() === 'BE') target.swap32();
    }
  }

  /** The sequences, after every range has been filled. */
  rows(): Uint32Array[] {
    return this.#rows;
  }
}

function joined(pieces: Piece[]): PlannedRange[] {
  pieces.sort((a, b) => a.start - b.start);
  const ranges: PlannedRange[] = [];
  for (const piece of pieces) {
    const last = ranges.at(-1);
    if (last && piece.start - last.end <= GAP && piece.end - last.start <= LONGEST) {
      last.end = Math.max(last.end, piece.end);
      last.pieces.push(piece);
    } else ranges.push({ start: piece.start, end: piece.end, pieces: [piece] });
  }
  return ranges;
}

function piecesOf(spans: readonly Span[], row: number): Piece[] {
  let filled = 0;
  return spans.map(({ at, tokens }) => {
    const piece = { start: at * BYTES_PER_TOKEN, end: (at + tokens) * BYTES_PER_TOKEN, row, at: filled };
    filled += tokens;
    return piece;
  });
}
