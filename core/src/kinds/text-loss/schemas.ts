import { z } from 'zod';

/** Parameters of the kind `text-loss`, as a competition's task states them. */
export const textLossParameters = z
  .strictObject({
    pages: z.number().int().positive().optional().describe('Pages to draw.'),
    sequences: z.number().int().positive().optional().describe('Sequences to draw, in place of pages.'),
    batchSize: z.number().int().positive().describe('Sequences in a sample.'),
    packSamples: z.boolean().describe('One stream cut into sequences, or one padded sequence per document.'),
    shuffle: z.boolean().default(true).describe('Shuffle the samples by the seed.'),
    maxBatches: z.number().int().positive().optional().describe('Samples kept after the shuffle; all when left out.'),
    tokenizer: z
      .enum(['competition', 'none'])
      .default('competition')
      .describe("The competition's tokenizer, or none for data that is tokenised already."),
    padTokenId: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe("Id that pads; the tokenizer's end of text when left out."),
    continuation: z
      .strictObject({
        promptLength: z.number().int().positive().default(100),
        tokens: z.number().int().positive().default(20),
      })
      .nullable()
      .default({ promptLength: 100, tokens: 20 })
      .describe('The reasonable-output check: tokens of a prompt, and tokens to generate. null leaves it out.'),
  })
  .refine(({ pages, sequences }) => (pages === undefined) !== (sequences === undefined), {
    error: 'says how much to draw by pages or by sequences, not by both',
    path: ['pages'],
  })
  .refine(({ tokenizer, padTokenId }) => tokenizer === 'competition' || padTokenId !== undefined, {
    error: 'has to be given where there is no tokenizer',
    path: ['padTokenId'],
  });
export type TextLossParameters = z.infer<typeof textLossParameters>;

/** What an evaluator is told about the samples of a `text-loss` task. */
export const textLossTask = z.object({
  /** Id that pads rows and separates documents; masks prompts and, when unpacked, labels. */
  padTokenId: z.number().int().nonnegative(),
  /** false: a label is left out of the mean when the label before it is the pad id. */
  packed: z.boolean(),
  /** Tokens of samples 0 and 1 that the model continues where the range begins at 0; 0 leaves that out. */
  promptLength: z.number().int().nonnegative(),
  /** Tokens to generate after each of them. */
  generatedTokens: z.number().int().positive(),
});
export type TextLossTask = z.infer<typeof textLossTask>;

/** What an evaluator says about a `text-loss` task beside the losses. */
export const textLossDetails = z.object({
  /** [prompt][row][token], empty where nothing was to be continued. */
  generations: z.array(z.array(z.array(z.number().int()))),
  /** First 8 logits of the last position: [sample][row][8]. Only when asked for. */
  logitsSpot: z.array(z.array(z.array(z.number()))).optional(),
});
export type TextLossDetails = z.infer<typeof textLossDetails>;

/** What is recorded beside the losses: the last tokens of the two continued texts. [prompt][row][token] */
export const textLossEvidence = z.object({
  continuations: z.tuple([z.array(z.array(z.number().int())), z.array(z.array(z.number().int()))]),
});
export type TextLossEvidence = z.infer<typeof textLossEvidence>;
