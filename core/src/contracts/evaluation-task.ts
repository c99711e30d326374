import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Consecutive samples of one shape. */
export const sampleShape = z.object({
  samples: z.number().int().positive(),
  /** Rows of each of them. */
  rows: z.number().int().positive(),
  /** Token ids of each row. */
  length: z.number().int().positive(),
});
export type SampleShape = z.infer<typeof sampleShape>;

/**
 * Samples in a file on this machine: the ids of one sample after the other, row by row, as 32-bit unsigned integers, little
 * endian, and nothing else. The file is named by its digest, and its shape stands here.
 */
export const sampleFile = z.object({
  /** Absolute path. For use on this machine, never an identity. */
  path: z.string(),
  /** Hex sha256 of the file. */
  digest: sha256,
  shapes: z.array(sampleShape).min(1),
});
export type SampleFile = z.infer<typeof sampleFile>;

/** Samples from index `from` up to, and without, index `to`. */
export const sampleRange = z
  .object({ from: z.number().int().nonnegative(), to: z.number().int().positive() })
  .refine(({ from, to }) => from < to, 'a range ends after it begins');
export type SampleRange = z.infer<typeof sampleRange>;

/** One task of an evaluation. Nothing here knows what the ids mean; the kind does. */
export const evaluationTask = z.object({
  /** Unique in a request. */
  name: z.string(),
  kind: z.string(),
  /** Identity of the kind, the samples and the parameters. Hex sha256. */
  samplesDigest: z.string(),
  samples: sampleFile,
  /** What the kind says about the samples. */
  parameters: z.record(z.string(), z.unknown()),
  /** The part that is asked for; all samples when left out. */
  range: sampleRange.optional(),
  /** Extra output wanted by a diagnosing command: `logits-spot`. */
  extras: z.array(z.string()).optional(),
});
export type EvaluationTask = z.infer<typeof evaluationTask>;

/** What an evaluator found out about one task. The kind of the task makes a score or a refusal of it. */
export const taskResult = z.object({
  name: z.string(),
  kind: z.string(),
  /** Loss of each sample that was asked for, in order. */
  losses: z.array(z.number()),
  /** Shape by kind, e.g. TextLossDetails. */
  details: z.unknown(),
});
export type TaskResult = z.infer<typeof taskResult>;

/** Number of samples in a file. */
export const sampleCount = ({ shapes }: Pick<SampleFile, 'shapes'>): number =>
  shapes.reduce((sum, { samples }) => sum + samples, 0);

/** Number of token ids in a file. */
export const tokenCount = ({ shapes }: Pick<SampleFile, 'shapes'>): number =>
  shapes.reduce((sum, { samples, rows, length }) => sum + samples * rows * length, 0);

/** The part of a task that is asked for. */
export const rangeOf = ({ range, samples }: Pick<EvaluationTask, 'range' | 'samples'>): SampleRange =>
  range ?? { from: 0, to: sampleCount(samples) };
