import { z } from 'zod';

/** An error on the wire and in the journal: the shape of `ErrorReport`, checked. */
export const errorReport = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  fault: z.enum(['miner', 'validator', 'network', 'chain', 'config']),
  retry: z.enum(['never', 'grace', 'backoff', 'next-round']),
  payload: z.record(z.string(), z.unknown()),
});
