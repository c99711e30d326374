import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { tokenCount, type SampleFile } from '../contracts/evaluation-task.js';
import { evaluationErrors } from './errors.js';

const BYTES_PER_ID = 4;
const CHUNK_BYTES = 1024 * 1024;

interface Place {
  /** Bytes before the sample. */
  offset: number;
  rows: number;
  length: number;
}

interface Scan {
  /** Digest of the content. */
  found: string;
  highestId: number;
}

const MAX_SCANNED = 16;

/**
 * What the newest files hold, by what the file system says of them. A task is asked for part by part, and to read all of its samples
 * for each part would take longer than the part.
 */
const scanned = new Map<string, Scan>();

function remember(state: string, scan: Scan): void {
  scanned.delete(state);
  scanned.set(state, scan);
  const [oldest] = scanned.keys();
  if (oldest !== undefined && scanned.size > MAX_SCANNED) scanned.delete(oldest);
}

/** Samples in a file, for a program that evaluates them. They are checked against digest and shapes when it is opened. */
export class SampleReader {
  private constructor(
    private readonly file: FileHandle,
    private readonly places: readonly Place[],
    /** Highest id of all samples. */
    readonly highestId: number,
  ) {}

  /** @throws SAMPLES_UNREADABLE, SAMPLES_DIFFER */
  static async open({ path, digest, shapes }: SampleFile): Promise<SampleReader> {
    const file = await open(path, 'r').catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw evaluationErrors.SAMPLES_UNREADABLE({ path, reason }, error);
    });
    try {
      const wanted = tokenCount({ shapes }) * BYTES_PER_ID;
      const { size, dev, ino, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
      if (Number(size) !== wanted)
        throw evaluationErrors.SAMPLES_DIFFER({
          path,
          reason: `it has ${size} bytes where its shapes ask for ${wanted}`,
        });
      const state = [path, dev, ino, size, mtimeNs, ctimeNs].join();
      const { found, highestId } = scanned.get(state) ?? (await scan(file, Number(size)));
      remember(state, { found, highestId });
      if (found !== digest) throw evaluationErrors.SAMPLES_DIFFER({ path, reason: `its content is not ${digest}` });
      return new SampleReader(file, placesOf(shapes), highestId);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get count(): number {
    return this.places.length;
  }

  /** Rows and row length of each sample. */
  get shapes(): readonly { rows: number; length: number }[] {
    return this.places;
  }

  /** [row][token] */
  async rows(sample: number): Promise<number[][]> {
    const place = this.places[sample];
    if (!place) throw new RangeError(`there is no sample ${sample}`);
    const { offset, rows, length } = place;
    const ids = idsOf(await filled(this.file, rows * length * BYTES_PER_ID, offset));
    return Array.from({ length: rows }, (_none, row) => [...ids.subarray(row * length, (row + 1) * length)]);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function placesOf(shapes: SampleFile['shapes']): Place[] {
  let offset = 0;
  return shapes.flatMap(({ samples, rows, length }) =>
    Array.from({ length: samples }, () => {
      const place = { offset, rows, length };
      offset += rows * length * BYTES_PER_ID;
      return place;
    }),
  );
}

async function scan(file: FileHandle, size: number): Promise<Scan> {
  const hash = createHash('sha256');
  let highestId = 0;
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const bytes = await filled(file, Math.min(CHUNK_BYTES, size - offset), offset);
    hash.update(bytes);
    for (const id of idsOf(bytes)) highestId = Math.max(highestId, id);
  }
  return { found: hash.digest('hex'), highestId };
}

async function filled(file: FileHandle, length: number, offset: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw evaluationErrors.SAMPLES_DIFFER({ path: '', reason: 'it was cut while it was read' });
    done += bytesRead;
  }
  return bytes;
}

/** A view of the bytes, which are in the order of the file. */
function idsOf(bytes: Buffer): Uint32Array {
  const ordered = endianness() === 'BE' ? Buffer.from(bytes).swap32() : bytes;
  return new Uint32Array(ordered.buffer, ordered.byteOffset, ordered.length / BYTES_PER_ID);
}
