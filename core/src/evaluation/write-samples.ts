import { createHash, randomUUID } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { SampleFile, SampleShape } from '../contracts/evaluation-task.js';
import type { Json } from '../contracts/round-journal.js';
import type { SampleRows } from '../contracts/task-kind.js';
import { canonicalJson } from '../journal/canonical-json.js';
import { kindErrors } from '../kinds/errors.js';
import { evaluationErrors } from './errors.js';

const BYTES_PER_ID = 4;
const HIGHEST_ID = 2 ** 32 - 1;
/** Ids that are converted and hashed in one go: the event loop runs between two of them. */
const SLICE = 262_144;

/** Told of each sample as it is written: the digest of its ids and their shape, the same wherever the sample recurs. */
type OnSample = (digest: string) => void;

/** Half of a sha256, in hex: samples are few. */
export const SAMPLE_DIGEST_LENGTH = 32;

/**
 * Writes samples into a file of `folder` that is named by its digest. One sample at a time is held in memory.
 * @throws SAMPLES_UNUSABLE for a sample that is empty, ragged or has an id that is no id, SAMPLES_NOT_WRITTEN
 */
export async function writeSamples(
  folder: string,
  samples: Iterable<SampleRows>,
  onSample?: OnSample,
): Promise<SampleFile> {
  const unfinished = join(folder, `${randomUUID()}.part`);
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      const { digest, shapes } = await write(file, samples, onSample);
      const path = join(folder, `${digest}.u32`);
      await rename(unfinished, path);
      return { path, digest, shapes };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw evaluationErrors.SAMPLES_NOT_WRITTEN({ folder, reason: error.message }, error);
  }
}

async function write(
  file: FileHandle,
  samples: Iterable<SampleRows>,
  onSample: OnSample | undefined,
): Promise<Pick<SampleFile, 'digest' | 'shapes'>> {
  const hash = createHash('sha256');
  const shapes: SampleShape[] = [];
  let sample = 0;
  for (const rows of samples) {
    const shape = shapeOf(rows, sample);
    addShape(shapes, shape);
    const own = onSample && createHash('sha256').update(`${shape.rows}x${shape.length}:`);
    for (const row of rows) {
      for (let from = 0; from < row.length; from += SLICE) {
        const bytes = encoded(row, from, Math.min(from + SLICE, row.length), sample);
        hash.update(bytes);
        own?.update(bytes);
        await file.writeFile(bytes);
      }
    }
    if (own) onSample(own.digest('hex').slice(0, SAMPLE_DIGEST_LENGTH));
    sample += 1;
  }
  return { digest: hash.digest('hex'), shapes };
}

function shapeOf(rows: SampleRows, sample: number): Omit<SampleShape, 'samples'> {
  const length = rows[0]?.length ?? 0;
  if (length === 0) throw kindErrors.SAMPLES_UNUSABLE({ sample, reason: 'it is empty' });
  if (rows.some((row) => row.length !== length))
    throw kindErrors.SAMPLES_UNUSABLE({ sample, reason: 'its rows differ in length' });
  return { rows: rows.length, length };
}

function addShape(shapes: SampleShape[], { rows, length }: Omit<SampleShape, 'samples'>): void {
  const last = shapes.at(-1);
  if (last?.rows === rows && last.length === length) last.samples += 1;
  else shapes.push({ samples: 1, rows, length });
}

function encoded(row: ArrayLike<number>, from: number, to: number, sample: number): Buffer {
  const ids = new Uint32Array(to - from);
  for (let index = from; index < to; index += 1) {
    const id = row[index] ?? -1;
    if (!Number.isInteger(id) || id < 0 || id > HIGHEST_ID)
      throw kindErrors.SAMPLES_UNUSABLE({ sample, reason: `${id} is no token id` });
    ids[index - from] = id;
  }
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.length * BYTES_PER_ID);
  return endianness() === 'BE' ? bytes.swap32() : bytes;
}

/** Identity of what a task is scored on: its kind, the ids, their shapes, and what the evaluator is told about them. */
export function samplesDigest(
  kind: string,
  { digest, shapes }: SampleFile,
  parameters: Readonly<Record<string, Json>>,
): string {
  return createHash('sha256').update(canonicalJson({ kind, digest, shapes, parameters })).digest('hex');
}
