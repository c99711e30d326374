import { defineErrors } from '@assay/core/errors/define-errors';

/** Why weights are not drafted. What the runtime itself would refuse has the runtime's own names, in `palletErrors`. */
export const weightsErrors = defineErrors({
  CONSENSUS_TAKES_NO_WEIGHTS: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { netuid: number; consensus: string }) =>
      `Subnet ${p.netuid} runs the consensus ${p.consensus}, which takes no weights from validators: nothing was sent.`,
    hint: () => "Ask the subnet's owner whether this is meant to last: validator chain status shows the consensus.",
  },
  EPOCHS_STOPPED: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { netuid: number }) =>
      `Subnet ${p.netuid} has a tempo of 0: it runs no epochs, and weights that are committed would never be revealed.`,
    hint: () => "Ask the subnet's owner to set a tempo. Nothing was sent, and the next round tries again.",
  },
  COMMIT_TOO_LONG: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { uids: number; bytes: number; limitBytes: number }) =>
      `A commit of weights for ${p.uids} uids takes ${p.bytes} bytes, and the chain takes ${p.limitBytes} at most.`,
    hint: () => 'Lower the number of uids with weight in the subnet profile. Nothing was encrypted or sent.',
  },
  COMMIT_CALL_UNKNOWN: {
    fault: 'chain',
    retry: 'next-round',
    message: (p: { runtime: string; mechanism: number }) =>
      `Commit-reveal is on, and ${p.runtime} has no call that commits weights of mechanism ${p.mechanism}.`,
    hint: () => 'Update Assay: the chain may have changed in a way that this version does not know.',
  },
  REVEAL_NOT_OURS: {
    fault: 'validator',
    retry: 'never',
    message: (p: { kind: string }) => `Weights of kind ${p.kind} are not revealed by the validator.`,
    hint: () => 'Report this as a defect: the fate of the submission says who reveals it.',
  },
  SUBMISSION_FACTS_INVALID: {
    fault: 'validator',
    retry: 'never',
    message: (p: { reason: string }) => `The ticket of a submission of weights can't be read: ${p.reason}.`,
    hint: () => 'Restore the journal from a copy: another program or version has written this ticket.',
  },
});
