import { createHash } from 'node:crypto';
import { z } from 'zod';

/** How many marks an entrants rule has made, and a digest over all of them in their order. */
export const markCount = z.object({ count: z.number().int().nonnegative(), digest: z.string() });
export type MarkCount = z.infer<typeof markCount>;

export const NO_MARKS: MarkCount = { count: 0, digest: '0'.repeat(64) };

/** The count after these marks: each digest is sha256 over the digest before and the mark. */
export function withMarks(before: MarkCount, marks: readonly string[]): MarkCount {
  return marks.reduce(
    ({ count, digest }, mark) => ({
      count: count + 1,
      digest: createHash('sha256').update(`${digest}${mark}`).digest('hex'),
    }),
    before,
  );
}
