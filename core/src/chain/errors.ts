import { defineErrors } from '../errors/define-errors.js';

export const chainErrors = defineErrors({
  READ_ONLY: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string }) => `This process is read-only and signs nothing: ${p.what} was refused.`,
    hint: () =>
      'Leave out --read-only, or set readOnly to false (config file, ASSAY_READ_ONLY), to act with the hotkey.',
  },
  HOTKEYS_CHANGED: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { uids: readonly number[] }) =>
      `These uids have another hotkey than the weights were made for: ${p.uids.join(', ')}. No weights were sent.`,
    hint: () => 'Wait for the next attempt: the weights are made again for the hotkeys that hold the uids then.',
  },
  TICKET_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: () => 'The ticket of a submission is not of the form that this chain client gives.',
    hint: () => 'Set chain.use to the client that the last weights were sent with: its ticket is in the journal.',
  },
});
