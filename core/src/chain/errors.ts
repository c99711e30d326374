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
  REVEAL_AFTER_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { given: number }) => `A commitment can't stay encrypted for ${p.given} blocks.`,
    hint: () => `Give a whole number of blocks from 1 to ${MOST_REVEAL_AFTER}.`,
  },
  COMMITMENT_TOO_LONG: {
    fault: 'config',
    retry: 'never',
    message: (p: { bytes: number; limit: number }) =>
      `A commitment of ${p.bytes} bytes was given; the chain holds ${p.limit}.`,
    hint: () => "Shorten the repository's name.",
  },
});

/** Blocks for which a commitment may stay encrypted: some two weeks on Subtensor. */
const MOST_REVEAL_AFTER = 100_000;

/** @throws REVEAL_AFTER_INVALID */
export function requireRevealAfter(blocks: number): void {
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > MOST_REVEAL_AFTER)
    throw chainErrors.REVEAL_AFTER_INVALID({ given: blocks });
}
