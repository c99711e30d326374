import { defineErrors } from '@assay/core/errors/define-errors';

export const timelockErrors = defineErrors({
  TIMELOCK_ROUND_INVALID: {
    fault: 'validator',
    retry: 'never',
    message: (p: { round: number }) => `${p.round} is not a round of drand: rounds are whole numbers from 1 on.`,
    hint: () => 'Report this as a defect: Assay computes the round itself.',
  },
  TIMELOCK_RANDOMNESS_INVALID: {
    fault: 'validator',
    retry: 'never',
    message: (p: { name: string; bytes: number; wanted: number }) =>
      `The random ${p.name} has ${p.bytes} bytes instead of ${p.wanted}.`,
    hint: () => 'Report this as a defect: Assay draws it itself.',
  },
  TIMELOCK_CIPHERTEXT_MALFORMED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { reason: string }) => `These bytes are no timelocked ciphertext: ${p.reason}.`,
    hint: () => 'Make the ciphertext again: it is damaged, or another scheme than that of Subtensor made it.',
  },
  TIMELOCK_SIGNATURE_MALFORMED: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { reason: string }) => `These bytes are no signature of drand's quicknet: ${p.reason}.`,
    hint: () => 'Get the signature of the round again: drand publishes it as 48 bytes.',
  },
  TIMELOCK_NOT_OPENED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { reason: string }) => `The ciphertext does not open: ${p.reason}.`,
    hint: () => 'Check that the signature is that of the round that the ciphertext was made for.',
  },
});
