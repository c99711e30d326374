import { defineErrors } from '@assay/core/errors/define-errors';

/** Refusals under the names that the Subtensor runtime gives them. */
export const palletErrors = defineErrors({
  CanNotSetRootNetworkWeights: {
    fault: 'chain',
    retry: 'never',
    message: () => "Weights of the root network can't be set this way.",
    hint: () => 'Name another netuid: --netuid.',
  },
  CommitRevealEnabled: {
    fault: 'chain',
    retry: 'never',
    message: (p: { netuid: number }) => `Netuid ${p.netuid} takes weights by commit and reveal only.`,
    hint: () => 'The embedded network has no reveal; set commitRevealEnabled to false in its genesis.',
  },
  WeightVecNotEqualSize: {
    fault: 'chain',
    retry: 'never',
    message: (p: { uids: number; weights: number }) => `${p.uids} uids came with ${p.weights} weights.`,
    hint: () => 'Send one weight for each uid. A validator that does not is defective: please report it.',
  },
  UidsLengthExceedUidsInSubNet: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { uids: number; neurons: number }) =>
      `Weights for ${p.uids} uids were sent to a subnet of ${p.neurons}.`,
    hint: () => 'Read the metagraph again: validator chain metagraph',
  },
  HotKeyNotRegisteredInSubNet: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { hotkey: string; netuid: number }) => `Hotkey ${p.hotkey} is not registered on netuid ${p.netuid}.`,
    hint: () => 'Register it, or choose another with chain.hotkey; validator chain metagraph lists those that are.',
  },
  NotEnoughStakeToSetWeights: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { stake: string; threshold: string }) =>
      `The stake of ${p.stake} rao is below the ${p.threshold} that setting weights takes.`,
    hint: () => 'Add stake to the validator; on the embedded network its genesis holds stakes and stakeThreshold.',
  },
  IncorrectWeightVersionKey: {
    fault: 'chain',
    retry: 'never',
    message: (p: { given: string; lowest: string }) =>
      `The subnet takes weights of version ${p.lowest} and above; these are of version ${p.given}.`,
    hint: () => 'Update Assay, or correct weightsVersionKey in the subnet profile.',
  },
  SettingWeightsTooFast: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { blocksLeft: number; rateLimit: number }) =>
      `Weights may be set every ${p.rateLimit} blocks; ${p.blocksLeft} more must pass.`,
    hint: (p: { blocksLeft: number }) => `Nothing is lost: it is tried again. Try by hand in ${p.blocksLeft} blocks.`,
  },
  NeuronNoValidatorPermit: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { uid: number }) =>
      `Uid ${p.uid} has no validator permit, and these weights are not for itself alone.`,
    hint: () => 'Permits go to the highest stakes; on the embedded network the genesis says validatorPermit.',
  },
  DuplicateUids: {
    fault: 'chain',
    retry: 'never',
    message: (p: { uid: number }) => `Uid ${p.uid} is named twice.`,
    hint: () => 'Send each uid once. A validator that does not is defective: please report it.',
  },
  UidVecContainInvalidOne: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { uid: number }) => `Uid ${p.uid} does not exist on the subnet.`,
    hint: () => 'Read the metagraph again: validator chain metagraph',
  },
  WeightVecLengthIsLow: {
    fault: 'chain',
    retry: 'never',
    message: (p: { uids: number; lowest: number }) =>
      `Weights for ${p.uids} uids were sent; the subnet takes ${p.lowest} at least.`,
    hint: () => 'Fill up with small weights to minAllowedWeights; validator chain status shows it.',
  },
  AccountNotAllowedCommit: {
    fault: 'chain',
    retry: 'never',
    message: (p: { hotkey: string; netuid: number }) =>
      `Hotkey ${p.hotkey} may not commit: it is not registered on netuid ${p.netuid}.`,
    hint: () =>
      'Register the hotkey first, or choose another with chain.hotkey; validator chain metagraph lists those that are.',
  },
  SpaceLimitExceeded: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { hotkey: string; limit: number; blocksLeft: number }) =>
      `Hotkey ${p.hotkey} has used up the ${p.limit} bytes that it may commit in one tempo.`,
    hint: (p: { blocksLeft: number }) =>
      `Wait for ${p.blocksLeft} blocks and run the command again: nothing has been committed, and what was uploaded stays.`,
  },
});

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
  COMMITMENT_TOO_LONG: {
    fault: 'config',
    retry: 'never',
    message: (p: { bytes: number; limit: number }) =>
      `A commitment of ${p.bytes} bytes was given; the chain holds ${p.limit}.`,
    hint: () => "Shorten the repository's name.",
  },
  WEIGHTS_MALFORMED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { issues: readonly string[] }) =>
      `These weights can't be encoded for the chain: ${p.issues.join('; ')}`,
    hint: () => 'Uids and weights are 16-bit integers. This is a defect in Assay: please report it.',
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
