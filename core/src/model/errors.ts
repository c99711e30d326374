import { defineErrors } from '../errors/define-errors.js';

export const commitmentErrors = defineErrors({
  COMMITMENT_MALFORMED: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string; commitment: string }) => `The commitment is not a model: ${p.reason}.`,
    hint: () => 'Commit namespace:name:revision:secure_hash:competition_id, at most 128 bytes.',
  },
  REPO_ID_INVALID: {
    fault: 'miner',
    retry: 'never',
    message: (p: { reason: string; repoId: string }) => p.reason,
    hint: () => 'A repo id is namespace/name, 3 to 38 characters, letters, digits, dashes, dots and underscores.',
  },
});
