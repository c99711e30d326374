import { defineErrors } from '@assay/core/errors/define-errors';

export const reporterErrors = defineErrors({
  WEBHOOK_FAILED: {
    fault: 'network',
    retry: 'never',
    message: (p: { event: string; reason: string; attempts: number }) =>
      `The webhook did not take an event (${p.event}) in ${p.attempts} requests: ${p.reason}.`,
    hint: () => 'Check `url` of the webhook reporter, and what its service expects. The run goes on without it.',
  },
  WEBHOOK_TOKEN_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { variable: string }) => `The webhook's token is to come from ${p.variable}, which is not set.`,
    hint: (p: { variable: string }) => `Set ${p.variable} in the environment or in .env, or take tokenVariable out.`,
  },
});
