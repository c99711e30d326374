import { defineErrors } from '../errors/define-errors.js';

export const chainErrors = defineErrors({
  READ_ONLY: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string }) => `This process is read-only and signs nothing: ${p.what} was refused.`,
    hint: () =>
      'Leave out --read-only, or set readOnly to false (config file, ASSAY_READ_ONLY), to act with the hotkey.',
  },
});
