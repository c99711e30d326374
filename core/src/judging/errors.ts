import { defineErrors } from '../errors/define-errors.js';

export const judgingErrors = defineErrors({
  NO_FINITE_SCORE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { contenders: number }) => `None of the ${p.contenders} contenders has a score.`,
    hint: () => 'The round is void and the weights stay; the table gives the cause for each contender.',
  },
  INCUMBENT_NOT_SCORED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { uid: number; weight: number; code: string }) =>
      `Uid ${p.uid} holds ${p.weight.toFixed(4)} of the competition and could not be scored (${p.code}), not by its own doing.`,
    hint: () => 'The round is void and the weights stay: judged without it, the weight would go to whoever comes next.',
  },
  CLAIMS_UNKNOWN: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { unknown: readonly { uid: number; code: string }[] }) =>
      `This machine could not look at or score ${p.unknown.length === 1 ? 'the claim' : `${p.unknown.length} claims`} of uid ${p.unknown
        .slice(0, 10)
        .map(({ uid, code }) => `${uid} (${code})`)
        .join(', ')}.`,
    hint: () =>
      'Fix what the codes name: disk, memory, network or evaluator. The round is void and the weights stay, because any of these models may be the best.',
  },
  DEFENDER_NOT_SCORED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { repo: string; code: string }) =>
      `The model ${p.repo} defends its place and has no score (${p.code}).`,
    hint: (p: { code: string }) =>
      `Find out what ${p.code} means here: the model has been scored before. The round is void, the weights stay, and challengers keep their places.`,
  },
  CHALLENGERS_NOT_SCORED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { challengers: readonly { uid: number; code: string }[] }) =>
      `This machine could not score ${p.challengers
        .slice(0, 10)
        .map(({ uid, code }) => `uid ${uid} (${code})`)
        .join(', ')}, and nobody else challenges.`,
    hint: () =>
      'Fix what the codes name: disk, memory, network or evaluator. The round is void and repeated, and who challenges keeps the place.',
  },
  EARLY_STOP_DIFFERS: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { samples: number; due: number | null }) =>
      `A contender has the losses of ${p.samples} samples, and by the match rule the round ${p.due === null ? 'goes on there' : `ends after ${p.due}`}.`,
    hint: () =>
      'Do not trust this round: what it was judged on is not what its rule asks for. Report it, if your own validator has recorded it.',
  },
  SEQUENCES_DIFFER: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { uid: number; losses: number; expected: number }) =>
      `Uid ${p.uid} has losses of ${p.losses} sequences where another has ${p.expected}.`,
    hint: () =>
      'The round is void: matches per sequence need the loss of every sequence from the evaluator, see docs/build/evaluator-protocol.md.',
  },
  STATE_UNREADABLE: {
    fault: 'config',
    retry: 'next-round',
    message: (p: { rule: string; version: number }) =>
      `The installed rule ${p.rule} can't read the state that its version ${p.version} has left.`,
    hint: () =>
      'Install the version of the package that wrote it, and tell its author: a rule with another state needs another name.',
  },
  BURN_TARGET_MISSING: {
    fault: 'config',
    retry: 'backoff',
    message: (p: { to: string }) => `The weight to burn goes to ${p.to}, which is not registered on the subnet.`,
    hint: () =>
      'Tell the subnet owner: no weights are set until the receiver is registered or the profile names another.',
  },
  WEIGHT_NOT_FINITE: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { uid: number; weight: number }) => `The weight of uid ${p.uid} is ${p.weight}.`,
    hint: () => 'Weights must be finite and not negative; this is a defect, please report the journal entry.',
  },
  SUBNET_SHRUNK: {
    fault: 'validator',
    retry: 'never',
    message: (p: { before: number; now: number }) => `The weights of ${p.now} uids can't follow those of ${p.before}.`,
    hint: () => 'A subnet does not lose uids: this is a defect, please report the journal entry.',
  },
});
