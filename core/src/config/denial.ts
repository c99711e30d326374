import { z } from 'zod';

const reason = z.string().min(1).describe('Why, in one line: it is recorded.');

/** What an operator does not let play: a hotkey, all hotkeys of a coldkey, a model, or a repo. */
export const denial = z.union(
  [
    z.strictObject({ hotkey: z.string().min(1), reason }),
    z.strictObject({ coldkey: z.string().min(1), reason }),
    /** Revision of a reference: a commit, or the digest of an image; in any case, with or without `hf:` or `sha256:`. */
    z.strictObject({ digest: z.string().min(1), reason }),
    /** `namespace/name`, or with its source before it: `oci:registry/namespace/name`. */
    z.strictObject({ repo: z.string().min(1), reason }),
  ],
  { error: 'must name exactly one of hotkey, coldkey, digest and repo, and a reason' },
);
export type Denial = z.infer<typeof denial>;
