import { defineErrors } from '@assay/core/errors/define-errors';

export const poolErrors = defineErrors({
  POOL_NUMERICS_DIFFER: {
    fault: 'config',
    retry: 'never',
    message: (p: { first: string; other: string; keys: readonly string[] }) =>
      `The members ${p.first} and ${p.other} of the pool compute in different ways: ${p.keys.join(', ')} differ.`,
    hint: () =>
      'Give all members of evaluator.of the same kind of device and the same options: a round does not mix their results.',
  },
  POOL_MEMBER_SICK: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { member: string; reason: string }) =>
      `The member ${p.member} of the pool is not used now: ${p.reason}`,
    hint: () => 'Look at its device and at its log. The pool tries it again by itself.',
  },
});
