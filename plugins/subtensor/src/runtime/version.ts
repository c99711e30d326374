import { z } from 'zod';

/** What a node answers to `state_getRuntimeVersion`, as far as it is used. */
export const runtimeVersion = z.looseObject({
  specName: z.string().max(100),
  specVersion: z.number().int().nonnegative(),
  transactionVersion: z.number().int().nonnegative(),
});

export type RuntimeVersion = z.infer<typeof runtimeVersion>;
