import type { EntryCheck } from '@assay/core/contracts/entry-check';
import { repoName } from '@assay/core/contracts/model';
import type { Rule } from '@assay/core/contracts/rule';
import { z } from 'zod';
import { duelErrors } from '../errors.js';

const parameters = z.strictObject({
  characters: z.number().int().min(1).max(24).default(5).describe('Characters of either end of the coldkey.'),
});

/** A repo that somebody else has published can't be claimed: its name holds characters of its owner's coldkey. */
export const ownerMark: Rule<EntryCheck, z.infer<typeof parameters>> = {
  name: 'owner-mark',
  version: 1,
  summary: "The name of the repo holds the first and the last characters of its owner's coldkey, in any case.",
  parameters,
  examples: [{}, { characters: 4 }],
  bind: ({ characters }) => ({
    listed: ({ reference }, { owner }) => {
      const found = { name: 'owner mark', found: repoName(reference).slice(0, 200) };
      if (!owner) return [{ ...found, limit: 'not checked: the model is not claimed' }];
      const mark = owner.coldkey.slice(0, characters) + owner.coldkey.slice(-characters);
      const repo = `${reference.namespace}/${reference.name}`;
      const hasMark = repo.toLowerCase().includes(mark.toLowerCase());
      const error = duelErrors.OWNER_MARK_MISSING({ repo, mark });
      return [{ ...found, limit: mark, ...(hasMark ? {} : { error }) }];
    },
  }),
};
