import { z } from 'zod';
import { account, amount, count, fraction } from './numbers.js';

/** One list for each fact, with a place for each uid. */
export const columns = z.object({
  hotkeys: z.array(account),
  coldkeys: z.array(account),
  validatorPermit: z.array(z.boolean()),
  lastUpdate: z.array(count),
  dividends: z.array(fraction),
  incentives: z.array(fraction),
  blockAtRegistration: z.array(count),
  totalStake: z.array(amount),
});
export type Columns = z.infer<typeof columns>;
