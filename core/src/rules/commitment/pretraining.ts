import { z } from 'zod';
import type { CommitmentScheme } from '../../contracts/commitment-scheme.js';
import type { Rule } from '../../contracts/rule.js';
import { directoryHash, secureHash } from '../../model/directory-hash.js';
import { explainFiles } from '../../model/explain-files.js';
import { filesThatCount } from '../../model/files-that-count.js';
import { formatCommitment, parseCommitment } from '../../model/model-id.js';

/** `namespace:name:commit:secure_hash:competition_id`; the hash covers the files and the owner's hotkey. */
export const pretraining: Rule<CommitmentScheme, object> = {
  name: 'pretraining',
  version: 1,
  summary: 'namespace:name:commit:secure_hash:competition_id, with a hash of the files and the hotkey of the owner.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    readFrom: 'commitments',
    parse: parseCommitment,
    format: formatCommitment,
    filesThatCount,
    explainFiles,
    proofOf: ({ files }, hotkey) => secureHash(directoryHash(files), hotkey),
  }),
};
