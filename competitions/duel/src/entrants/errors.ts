import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

export const entrantsErrors = defineErrors({
  DIGEST_SUBMITTED_BEFORE: {
    fault: 'miner',
    retry: 'never',
    message: (p: { digest: string }) =>
      `The model ${printable(p.digest, 80)} was submitted before, and this hotkey has used up its evaluation with it.`,
    hint: () => 'Train a model of your own and claim it with another hotkey: each hotkey has one evaluation.',
  },
});
