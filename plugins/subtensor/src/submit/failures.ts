import { AssayError, type Retry } from '@assay/core/errors/assay-error';
import { printable } from '@assay/core/errors/printable';
import type { Calls, NamedError } from '../runtime/calls.js';
import type { PoolRefusal } from './pool-errors.js';

/** What a refusal was about. */
interface Refused {
  /** E.g. `SubtensorModule.set_weights`. */
  call: string;
  /** Block that holds the refused extrinsic; undefined where the pool has not taken it. */
  block?: number;
}

interface Advice {
  retry: Retry;
  hint: string;
}

const DEFECT = 'Report it, please: a validator does not send such a call.';
const WAIT = 'Wait: it is tried again. validator chain status shows when weights may be set next.';
const METAGRAPH = 'Read the metagraph again: validator chain metagraph';

/** What to do about refusals that a validator or miner may meet, by the chain's own names. */
const ADVICE: Readonly<Record<string, Advice>> = {
  CanNotSetRootNetworkWeights: { retry: 'never', hint: 'Name another netuid: --netuid NUMBER' },
  CommitRevealEnabled: { retry: 'backoff', hint: 'Wait: it is tried again, and the weights are committed then.' },
  CommitRevealDisabled: { retry: 'backoff', hint: 'Wait: it is tried again, and the weights are set plainly then.' },
  WeightVecNotEqualSize: { retry: 'never', hint: DEFECT },
  InputLengthsUnequal: { retry: 'never', hint: DEFECT },
  MechanismDoesNotExist: { retry: 'never', hint: 'Set chain.mechanism to one that the subnet has.' },
  UidsLengthExceedUidsInSubNet: { retry: 'next-round', hint: METAGRAPH },
  HotKeyNotRegisteredInSubNet: {
    retry: 'backoff',
    hint: 'Register the hotkey: validator chain metagraph lists those that are.',
  },
  HotKeyNotRegisteredInNetwork: {
    retry: 'backoff',
    hint: 'Register the hotkey: validator chain metagraph lists those that are.',
  },
  NotEnoughStakeToSetWeights: {
    retry: 'backoff',
    hint: 'Add stake to the validator: validator chain status shows what it has.',
  },
  IncorrectWeightVersionKey: {
    retry: 'never',
    hint: 'Update Assay, or correct weightsVersionKey in the subnet profile.',
  },
  SettingWeightsTooFast: { retry: 'backoff', hint: WAIT },
  CommittingWeightsTooFast: { retry: 'backoff', hint: WAIT },
  TooManyUnrevealedCommits: { retry: 'backoff', hint: 'Wait until the chain has revealed one: it is tried again.' },
  NeuronNoValidatorPermit: { retry: 'backoff', hint: 'Add stake: permits go to the highest stakes at each epoch.' },
  DuplicateUids: { retry: 'never', hint: DEFECT },
  UidVecContainInvalidOne: { retry: 'next-round', hint: METAGRAPH },
  WeightVecLengthIsLow: {
    retry: 'next-round',
    hint: 'Give weights to more uids: validator chain status shows minAllowedWeights.',
  },
  MaxWeightExceeded: { retry: 'next-round', hint: 'Give no uid more than the subnet allows.' },
  InvalidRevealRound: { retry: 'backoff', hint: "Check this machine's clock: the round of drand had passed already." },
  IncorrectCommitRevealVersion: { retry: 'backoff', hint: 'Update Assay: the chain takes commits of another version.' },
  NoWeightsCommitFound: {
    retry: 'never',
    hint: 'Look whether the weights are revealed already: validator chain status',
  },
  RevealTooEarly: { retry: 'backoff', hint: 'Wait for the epoch of the reveal: it is tried again.' },
  ExpiredWeightCommit: { retry: 'never', hint: 'Set weights again: the time to reveal these is over.' },
  InvalidRevealCommitHashNotMatch: { retry: 'never', hint: DEFECT },
  AccountNotAllowedCommit: {
    retry: 'never',
    hint: 'Register the hotkey first, or choose another with --wallet.hotkey.',
  },
  SpaceLimitExceeded: { retry: 'backoff', hint: 'Wait for the next tempo of the subnet, and run the command again.' },
  TooManyFieldsInCommitmentInfo: { retry: 'never', hint: DEFECT },
  SubnetNotExists: { retry: 'never', hint: 'Name another subnet: --netuid NUMBER' },
  ColdkeySwapAnnounced: { retry: 'backoff', hint: 'Wait until the swap of the coldkey is done or is withdrawn.' },
  ColdkeySwapDisputed: { retry: 'backoff', hint: 'Settle the dispute about the swap of the coldkey first.' },
  CallFiltered: { retry: 'backoff', hint: 'Wait until the chain leaves safe mode: it takes no such call meanwhile.' },
  BadOrigin: { retry: 'never', hint: DEFECT },
};

const UNKNOWN: Advice = { retry: 'backoff', hint: "Look the error up in the chain's own source by this name." };
/** Characters of the chain's own words that are shown. */
const LONGEST_WORDS = 300;

/** A refusal by the chain under its own name. */
export function chainRefusal({ name, docs }: Pick<NamedError, 'name' | 'docs'>, { call, block }: Refused): AssayError {
  const { retry, hint } = (Object.hasOwn(ADVICE, name) ? ADVICE[name] : undefined) ?? UNKNOWN;
  const where = block === undefined ? 'before any block took it' : `in block ${block}`;
  const words = printable(docs, LONGEST_WORDS);
  const message = `The chain refused ${call} ${where}: ${name}${words === '' ? '' : ` (${words})`}.`;
  return new AssayError({ code: name, fault: 'chain', retry, hint, message, payload: { call, block, docs: words } });
}

/**
 * Names of the numbers with which the runtime's checks refuse an extrinsic in the pool (subtensor, spec 425,
 * common/src/transaction_error.rs), by the pallet's error behind them where there is one (extensions/subtensor.rs). A
 * number above 27, but for 255, is of a later runtime.
 */
const CUSTOM_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'ColdkeySwapAnnounced'],
  [1, 'NotEnoughStakeToSetWeights'],
  [2, 'NotEnoughBalanceToStake'],
  [3, 'SubnetNotExists'],
  [4, 'HotKeyAccountNotExists'],
  [5, 'NotEnoughStakeToWithdraw'],
  [6, 'SettingWeightsTooFast'],
  [7, 'InsufficientLiquidity'],
  [8, 'SlippageTooHigh'],
  [9, 'TransferDisallowed'],
  [10, 'HotKeyNotRegisteredInNetwork'],
  [11, 'InvalidIpAddress'],
  [12, 'ServingRateLimitExceeded'],
  [13, 'InvalidPort'],
  [14, 'ZeroMaxAmount'],
  [15, 'InvalidRevealRound'],
  [16, 'NoWeightsCommitFound'],
  [17, 'RevealTooEarly'],
  [18, 'InputLengthsUnequal'],
  [19, 'HotKeyNotRegisteredInSubNet'],
  [20, 'EvmKeyAssociateRateLimitExceeded'],
  [21, 'ColdkeySwapDisputed'],
  [22, 'InvalidRealAccount'],
  [23, 'FailedShieldedTxParsing'],
  [24, 'InvalidShieldedTxPubKeyHash'],
  [25, 'NonAssociatedColdKey'],
  [26, 'DelegateTakeTooLow'],
  [27, 'DelegateTakeTooHigh'],
  [255, 'BadRequest'],
]);
const RATE_LIMIT = 6;

/** The chain's name of a refusal in the pool by number; one name may stand for several errors, of which the call tells. */
function customName(custom: number, call: string): string {
  if (custom === RATE_LIMIT && /\.commit_/.test(call)) return 'CommittingWeightsTooFast';
  return CUSTOM_NAMES.get(custom) ?? `Custom${custom}`;
}

/** Refusals in the pool that are no error of a pallet, as errors of the chain. */
const OTHERS: Readonly<Record<Exclude<PoolRefusal['reason'], 'custom'>, readonly [name: string, docs: string]>> = {
  imported: ['AlreadyImported', 'the node has this extrinsic already'],
  stale: ['Stale', 'its nonce is used'],
  priority: ['PriorityTooLow', 'another extrinsic of this hotkey waits with the same nonce'],
  proof: ['BadProof', "the signature does not fit the chain's rules of now"],
  ancient: ['AncientBirthBlock', 'the node does not know the block that the extrinsic is made from'],
  banned: ['TemporarilyBanned', 'the node has taken and dropped this extrinsic'],
  full: ['PoolFull', "the node's pool is full"],
  payment: ['Payment', 'the hotkey would have to pay a fee for this call'],
  call: ['CallFiltered', 'the chain takes no such call now'],
  exhausted: ['ExhaustsResources', 'the block has no room for it'],
  other: ['InvalidTransaction', ''],
};

/** A refusal by a node's pool: nothing has changed on chain. */
export function poolFailure(refusal: PoolRefusal, calls: Pick<Calls, 'errorNamed'>, call: string): AssayError {
  if (refusal.custom === undefined || refusal.reason !== 'custom') {
    const [name, docs] = OTHERS[refusal.reason === 'custom' ? 'other' : refusal.reason];
    return chainRefusal({ name, docs: docs === '' ? refusal.said : docs }, { call });
  }
  const name = customName(refusal.custom, call);
  const docs = calls.errorNamed(name)?.docs ?? `custom error ${refusal.custom}`;
  return chainRefusal({ name, docs }, { call });
}
