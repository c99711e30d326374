import { z } from 'zod';

/** Samples of a `text-loss` task: packed or padded token sequences. */
export const textLossSamples = z.object({
  /** [batch][row][token] */
  batches: z.array(z.array(z.array(z.number().int().nonnegative()))),
  /** Id that pads rows and separates documents; masks prompts and, when unpacked, labels. */
  padTokenId: z.number().int().nonnegative(),
  /** false: a label is left out of the mean when the label before it is the pad id. */
  packed: z.boolean(),
  /** Tokens of batches 0 and 1 that the model continues in the reasonable-output check; 0 leaves the check out. */
  promptLength: z.number().int().nonnegative(),
  /** Tokens to generate for the check. */
  generatedTokens: z.number().int().positive(),
});
export type TextLossSamples = z.infer<typeof textLossSamples>;

export const textLossDetails = z.object({
  /** Mean cross entropy in nats of each batch. */
  losses: z.array(z.number()),
  /** Verdict of the reasonable-output check; null when it was left out. */
  reasonable: z.boolean().nullable(),
  /** [prompt][row][token], empty when the check was left out. */
  generations: z.array(z.array(z.array(z.number().int()))),
  /** First 8 logits of the last position: [batch][row][8]. Only when asked for. */
  logitsSpot: z.array(z.array(z.array(z.number()))).optional(),
});
export type TextLossDetails = z.infer<typeof textLossDetails>;

/** One task of an evaluation. Nothing here but the samples of a kind knows what a token is. */
export const evaluationTask = z.object({
  name: z.string(),
  kind: z.string(),
  /** Hex sha256 of the canonical JSON of `samples`. */
  samplesDigest: z.string(),
  samples: z.unknown(),
  /** Extra output wanted by a diagnosing command: `logits-spot`. */
  extras: z.array(z.string()).optional(),
});
export type EvaluationTask = z.infer<typeof evaluationTask>;

/** Raw score of one task, lower is better. For `text-loss`: mean over batches of the mean loss. */
export const taskResult = z.object({
  name: z.string(),
  kind: z.string(),
  rawScore: z.number(),
  /** Number of samples that the score is the mean of. */
  samples: z.number().int(),
  /** Shape by kind, e.g. TextLossDetails. */
  details: z.unknown(),
});
export type TaskResult = z.infer<typeof taskResult>;
