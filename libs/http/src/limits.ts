import { z } from 'zod';

/** Options of a source about its requests. */
export const limitOptions = {
  requestsInFlight: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Requests that may be under way at a time, downloads included.'),
  requestsPerSecond: z
    .number()
    .positive()
    .optional()
    .describe('Requests that may begin in a second; no limit when left out.'),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('Silence after which a request or a transfer is given up.'),
};

/** A transfer that brings fewer bytes in `timeoutMs` is given up. */
export const MIN_BYTES = 64 * 1024;
