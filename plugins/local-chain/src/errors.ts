import { defineErrors } from '@assay/core/errors/define-errors';

/** What can go wrong with the network's file and its use. */
export const localChainErrors = defineErrors({
  NETWORK_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string }) => `There is no embedded network at ${p.file}.`,
    hint: () =>
      'Correct chain.file, or name a genesis file with chain.genesis: validator run then makes the network from it.',
  },
  NETWORK_DIFFERENT: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; found: string; wanted: string }) =>
      `${p.file} holds a network of another genesis (${p.found.slice(0, 12)}, not ${p.wanted.slice(0, 12)}).`,
    hint: (p: { file: string }) => `Delete ${p.file} to start that network over, or point chain.file elsewhere.`,
  },
  NETWORK_FOREIGN: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string }) => `${p.file} is not an embedded network.`,
    hint: () => 'Point chain.file at another file, or move this one away.',
  },
  NETWORK_NEWER: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; version: number }) => `${p.file} was written by a newer Assay (schema ${p.version}).`,
    hint: () => 'Update Assay, or point chain.file elsewhere.',
  },
  NETWORK_DAMAGED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `The embedded network ${p.file} is damaged: ${p.reason}`,
    hint: (p: { file: string }) => `Delete ${p.file} and let it be made again from its genesis.`,
  },
  NETWORK_IO: {
    fault: 'network',
    retry: 'backoff',
    message: (p: { file: string; sqlite: string; reason: string }) =>
      `The embedded network ${p.file} can't be read or written (${p.sqlite}): ${p.reason}`,
    hint: () => 'Check the disk, the permissions of the folder, and which processes use the file.',
  },
  CHAIN_CLOSED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { file: string }) => `The embedded network ${p.file} is closed already.`,
    hint: () => 'Something outlived the end of the run; this is a defect, please report it.',
  },
  GENESIS_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { issues: readonly string[] }) =>
      `The genesis is not valid:\n${p.issues.map((issue) => `  ${issue}`).join('\n')}`,
    hint: () => 'Correct the genesis that chain.genesis names.',
  },
  NETUID_MISMATCH: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; holds: number; wanted: number }) =>
      `${p.file} holds netuid ${p.holds}; the config asks for ${p.wanted}.`,
    hint: (p: { holds: number }) => `Pass --netuid ${p.holds}, or point chain.file at another network.`,
  },
  HOTKEY_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string; known: readonly string[] }) =>
      `${p.hotkey} names no key here; there is ${p.known.join(', ') || 'none'}.`,
    hint: () => 'Give chain.hotkey such a name, an ss58 address of format 42, or a derivation such as //validator.',
  },
  UID_UNKNOWN: {
    fault: 'config',
    retry: 'never',
    message: (p: { uid: number }) => `There is no neuron with uid ${p.uid}.`,
    hint: () => 'validator chain metagraph lists the uids.',
  },
  ALREADY_REGISTERED: {
    fault: 'config',
    retry: 'never',
    message: (p: { hotkey: string; uid: number }) => `Hotkey ${p.hotkey} is registered already, as uid ${p.uid}.`,
    hint: () => 'Register another one, or deregister that uid first.',
  },
  SUBNET_FULL: {
    fault: 'config',
    retry: 'never',
    message: (p: { maxUids: number }) => `All ${p.maxUids} uids are taken.`,
    hint: () => 'Name the uid that the new neuron takes over.',
  },
  SUBMISSION_EXPIRED: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { tickets: number }) =>
      `The blocks that may hold the weights had passed ${p.tickets} times before the weights were sent.`,
    hint: () => 'Check the disk of dataDir: writing the journal takes longer there than 16 blocks of the network.',
  },
  BLOCK_UNKNOWN: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { block: number; head: number }) =>
      `Block ${p.block} is not one of this chain's, whose head is ${p.head}.`,
    hint: () => 'Wait until the chain has reached it: validator chain status',
  },
  STATE_DISCARDED: {
    fault: 'chain',
    retry: 'never',
    message: (p: { block: number; oldest: number }) =>
      `State already discarded for block ${p.block}; the oldest kept is ${p.oldest}.`,
    hint: () => 'The embedded network keeps its newest state only. Read at the head.',
  },
});
