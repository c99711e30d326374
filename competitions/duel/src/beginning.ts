import type { HistoryNeed } from '@assay/core/contracts/rule';
import { z } from 'zod';

/** Blocks of a day, at 12 seconds a block. */
const DAY = 7200;

/**
 * Parameters of a rule whose state rests on everything since the subnet opened.
 * @param opens describes the block for `validator rules`
 */
export const beginning = (
  opens: string,
): { opens: z.ZodOptional<z.ZodNumber>; tolerance: z.ZodDefault<z.ZodNumber> } => ({
  opens: z.number().int().nonnegative().optional().describe(opens),
  tolerance: z
    .number()
    .int()
    .nonnegative()
    .default(DAY)
    .describe('Blocks after `opens` within which a validator may begin without the history of another one.'),
});

/** The member `history` of such a rule; none where it does not say when the subnet opened. @param about what late validators lack */
export const historySince = (
  { opens, tolerance }: { opens?: number | undefined; tolerance: number },
  about: string,
): { history?: HistoryNeed } => (opens === undefined ? {} : { history: { since: opens, tolerance, about } });
