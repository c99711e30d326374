import { defineErrors } from '@assay/core/errors/define-errors';

export const processErrors = defineErrors({
  PROGRAM_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { program: string; reason: string }) =>
      `The evaluator's program can't be started: ${p.program} ${p.reason}.`,
    hint: () =>
      'Correct evaluator.command: a program of PATH, or a path that is absolute or begins with ./ at the config file.',
  },
});
