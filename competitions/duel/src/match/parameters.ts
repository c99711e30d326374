import { z } from 'zod';

/** Largest seed that a profile may write in digits: 128 bits, as numpy draws one. */
const LONGEST_SEED = /^(?:0|[1-9][0-9]{0,38})$/;

const earlyStop = z.strictObject({
  every: z.number().int().positive().describe('Sequences of a part: after each part the rule looks.'),
  quantile: z
    .number()
    .gt(0)
    .max(1)
    .default(0.94)
    .describe('Quantile of the differences so far that every sequence still to come is taken to have.'),
  fraction: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('Smallest share of the sequences after which a challenger can be stopped.'),
});

export const parameters = z
  .strictObject({
    margin: z.number().min(0).describe('What the lower bound has to be above: nats, or a share with `relative`.'),
    relative: z.boolean().default(false).describe("Whether the margin is a share of the king's mean loss."),
    alpha: z.number().gt(0).lt(1).default(0.001).describe('Quantile of the resampled means that is the lower bound.'),
    resamples: z.number().int().positive().max(1_000_000).default(10_000).describe('How often it is resampled.'),
    seed: z
      .union([z.number().int().nonnegative(), z.string().regex(LONGEST_SEED)])
      .default(0xb007)
      .describe("Seed of numpy's generator for the resamples; in digits where it is above 2^53."),
    winsNeeded: z
      .number()
      .int()
      .positive()
      .max(100)
      .default(1)
      .describe('Rounds in a row, each on other sequences, that a challenger has to win.'),
    earlyStop: earlyStop.optional().describe('Ends rounds that a challenger can hardly win; none when left out.'),
    tolerance: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'By how much the losses of two machines may differ, in nats. The column `close` marks a bound that is nearer to the margin.',
      ),
  })
  .refine(({ margin, relative }) => !relative || margin < 1, {
    message: 'is a share of a loss, so it is below 1',
    path: ['margin'],
  });
export type Parameters = z.infer<typeof parameters>;
