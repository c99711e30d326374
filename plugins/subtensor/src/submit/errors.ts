import { defineErrors } from '@assay/core/errors/define-errors';

/** What can go wrong with an extrinsic before the chain has judged it. */
export const submitErrors = defineErrors({
  KEY_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string }) => `Only the address of hotkey ${p.hotkey} is known, so nothing can be signed.`,
    hint: () => 'Name a wallet (--wallet.name NAME --wallet.hotkey NAME) or the socket of a signer (chain.signer).',
  },
  SIGNING_DISABLED: {
    fault: 'config',
    retry: 'never',
    message: () => 'This client only reads the chain, and signs nothing.',
    hint: () => 'Leave out --read-only, or use a command that may sign.',
  },
  LOCK_UNUSABLE: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { path: string; reason: string }) =>
      `${p.path}, which keeps two processes from using one nonce, can't be used: ${p.reason}.`,
    hint: (p: { path: string }) => `Delete ${p.path}, and check that this user may write its folder.`,
  },
  EXTENSION_UNKNOWN: {
    fault: 'chain',
    retry: 'never',
    message: (p: { runtime: string; what: string }) =>
      `The rules of ${p.runtime} want ${p.what}, which this version of Assay does not know; nothing was signed.`,
    hint: () => 'Update Assay: the chain has changed what a signature covers.',
  },
  CALL_UNKNOWN: {
    fault: 'chain',
    retry: 'never',
    message: (p: { call: string; runtime: string; reason: string }) =>
      `The rules of ${p.runtime} do not take ${p.call} as it is made here: ${p.reason}.`,
    hint: () => 'Update Assay: the chain may have changed in a way that this version does not know.',
  },
  HASH_DIFFERENT: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { sent: string; answered: string }) =>
      `The node took the extrinsic ${p.sent} and answered with the hash ${p.answered}.`,
    hint: () => 'Name another endpoint in chain.endpoints: this one changes what it is given.',
  },
  SUBMISSION_LOST: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { call: string; tries: number; reason: string }) =>
      `${p.call} was signed ${p.tries} times and has never landed: ${p.reason}. Nothing has changed on chain.`,
    hint: () =>
      'It is tried again. If it stays so, name another endpoint in chain.endpoints, and look for a second client of this hotkey.',
  },
  FATE_UNKNOWN: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { reason: string }) =>
      `The extrinsic is sent, and the node can't tell what has become of it: ${p.reason}`,
    hint: () => 'Name another endpoint in chain.endpoints. Nothing else is sent until the chain tells.',
  },
  TICKET_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { reason: string }) => `The ticket of an earlier submission can't be read: ${p.reason}.`,
    hint: () => 'Use the version of Assay that wrote it, or look on chain what has become of the submission.',
  },
  TICKET_FOREIGN: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string; found: string; wanted: string }) =>
      `The ticket of an earlier submission is of ${p.what} ${p.found}, and this client is of ${p.wanted}.`,
    hint: () =>
      'Use the network, netuid, mechanism and hotkey that it was made with, or another data folder for these.',
  },
  REFUSAL_FORGOTTEN: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { block: number }) =>
      `Block ${p.block} holds the submission, and the chain refused it; the node no longer knows why.`,
    hint: () => 'Ask a node that keeps all states to see the reason: --network archive',
  },
  COMMITMENT_EMPTY: {
    fault: 'config',
    retry: 'never',
    message: () => 'An empty commitment was given, which the chain would show as none.',
    hint: () => 'Give a text of at least one byte.',
  },
  TIMELOCK_UNKNOWN: {
    fault: 'chain',
    retry: 'never',
    message: (p: { runtime: string }) => `The rules of ${p.runtime} take no timelocked commitments.`,
    hint: () => 'Commit the text so that it can be read at once: leave out the number of blocks.',
  },
  TIMELOCK_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { blocks: number }) => `A commitment can't stay encrypted for ${p.blocks} blocks.`,
    hint: () => 'Give a whole number of blocks from 1 to 1,000,000.',
  },
  COMMITMENT_NOT_HELD: {
    fault: 'chain',
    retry: 'never',
    message: (p: { block: number; found: string }) =>
      `Block ${p.block} took the commitment, and holds another one now: ${p.found}.`,
    hint: () => 'Look for a second process that commits with this hotkey, and run the command again.',
  },
});
