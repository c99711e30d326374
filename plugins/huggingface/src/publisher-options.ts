import { z } from 'zod';
import { endpointOption } from '@assay/core/datasets/endpoint';

export const publisherOptions = z.strictObject({
  endpoint: endpointOption
    .optional()
    .describe('The hub, or a mirror of it; HF_ENDPOINT, else huggingface.co when left out.'),
  tries: z.number().int().min(1).max(20).default(5).describe('How often a request is made before it is given up.'),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .default(120_000)
    .describe('Silence after which a request is given up: nothing is sent, and no answer comes.'),
});
export type PublisherOptions = z.infer<typeof publisherOptions>;
