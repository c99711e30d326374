import { z } from 'zod';

/** What an operator writes of a competition that this validator has not judged before. */
export const givenHistory = z
  .object({
    standing: z.json().optional().describe("State of the standing rule, in that rule's own form."),
    entrants: z.json().optional().describe('What the entrants rule knows of earlier claims, as that rule reads it.'),
  })
  .strict();
export type GivenHistory = z.infer<typeof givenHistory>;
