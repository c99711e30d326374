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
    hint: () => 'Nothing is lost: it is tried again, and the weights are committed then.',
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
    hint: () =>
      'Add stake to the validator: validator chain status shows it. On the embedded network it is in the genesis.',
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
    message: (p: { blocksLeft: number; rateLimit: number; opensAt: number }) =>
      `Weights may be set every ${p.rateLimit} blocks: again from block ${p.opensAt} on, ${p.blocksLeft} after this one.`,
    hint: (p: { opensAt: number }) =>
      `Nothing is lost: it is tried again by itself. Try by hand at block ${p.opensAt}.`,
  },
  CommitRevealDisabled: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { netuid: number }) => `Netuid ${p.netuid} takes weights without commit and reveal.`,
    hint: () => 'Nothing is lost: it is tried again, and the weights are set plainly then.',
  },
  CommittingWeightsTooFast: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { blocksLeft: number; rateLimit: number; opensAt: number }) =>
      `Weights may be committed every ${p.rateLimit} blocks: again from block ${p.opensAt} on, ${p.blocksLeft} after this one.`,
    hint: (p: { opensAt: number }) =>
      `Nothing is lost: it is tried again by itself. Try by hand at block ${p.opensAt}.`,
  },
  TooManyUnrevealedCommits: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { hotkey: string; most: number }) =>
      `Hotkey ${p.hotkey} has ${p.most} commits of weights that are not revealed yet, and the chain takes no more.`,
    hint: () => 'Wait until the chain has revealed one: it is tried again. Set weights less often if it stays so.',
  },
  NeuronNoValidatorPermit: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { uid: number }) =>
      `Uid ${p.uid} has no validator permit, and these weights are not for itself alone.`,
    hint: () => 'Raise the stake of the hotkey: the next epoch gives permits to the highest stakes of the subnet.',
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
    hint: () => 'Send explicit zeros for further uids. A validator that does not is defective: please report it.',
  },
  NoWeightsCommitFound: {
    fault: 'chain',
    retry: 'never',
    message: (p: { hotkey: string; netuid: number }) =>
      `The chain holds no such commit of weights by hotkey ${p.hotkey} on netuid ${p.netuid}.`,
    hint: () => 'Wait for the next round: it commits weights again.',
  },
  RevealTooEarly: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { opensAt: number }) => `The chain takes this reveal from block ${p.opensAt} on, and not before.`,
    hint: (p: { opensAt: number }) => `Wait until block ${p.opensAt}: it is tried again.`,
  },
  ExpiredWeightCommit: {
    fault: 'chain',
    retry: 'never',
    message: (p: { epoch: number; current: number }) =>
      `These weights had to be revealed in epoch ${p.epoch} of the subnet, and it is in epoch ${p.current}.`,
    hint: () => 'Keep the validator running between a commit and its reveal. The next round commits weights again.',
  },
  ColdkeySwapAnnounced: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { account: string }) => `A swap of key ${p.account} is announced, and it can sign nothing until then.`,
    hint: () => 'Finish the swap, or withdraw its announcement, with the tool that announced it.',
  },
  ColdkeySwapDisputed: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { account: string }) => `A swap of key ${p.account} is disputed, and it can sign nothing.`,
    hint: () => "Ask the chain's operators to settle the dispute: nobody else can.",
  },
  CallFiltered: {
    fault: 'chain',
    retry: 'backoff',
    message: (p: { call: string; until: number }) =>
      `The chain is in safe mode until block ${p.until} and does not take ${p.call}. This is a state of the chain.`,
    hint: () => 'Wait until the chain leaves safe mode: nothing was sent, and it is tried again.',
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
  WEIGHTS_MALFORMED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { issues: readonly string[] }) =>
      `These weights can't be encoded for the chain: ${p.issues.join('; ')}`,
    hint: () => 'Uids and weights are 16-bit integers. This is a defect in Assay: please report it.',
  },
});
