import { z } from 'zod';

/** Types in which an engine may compute. */
export const computeType = z.enum(['float32', 'bfloat16', 'float16']);
export type ComputeType = z.infer<typeof computeType>;
