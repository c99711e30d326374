import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvaluationTask, SampleFile, SampleShape } from '@assay/core/contracts/evaluation-task';
import type { TextLossTask } from '@assay/core/kinds/text-loss/schemas';

/** Writes samples as the protocol has them, by other means than core. batches: [sample][row][token] */
export function sampleFileOf(folder: string, batches: readonly (readonly (readonly number[])[])[]): SampleFile {
  const ids = batches.flat(2);
  const bytes = Buffer.alloc(4 * ids.length);
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, 4 * index);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const path = join(folder, `${digest}.u32`);
  writeFileSync(path, bytes);
  const shapes: SampleShape[] = batches.map((rows) => ({
    samples: 1,
    rows: rows.length,
    length: rows[0]?.length ?? 0,
  }));
  return { path, digest, shapes };
}

export interface TextSamples extends TextLossTask {
  /** [sample][row][token] */
  batches: number[][][];
}

let tasks = 0;

/** A `text-loss` task of these samples, of a name of its own. */
export function textLossTaskOf(
  folder: string,
  { batches, ...parameters }: TextSamples,
  extras: string[] = [],
): EvaluationTask {
  const samples = sampleFileOf(folder, batches);
  const samplesDigest = createHash('sha256')
    .update(JSON.stringify([samples.digest, parameters]))
    .digest('hex');
  tasks += 1;
  return { name: `sequences-${tasks}`, kind: 'text-loss', samplesDigest, samples, parameters, extras };
}
