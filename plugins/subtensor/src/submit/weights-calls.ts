import { PALLET, type SubnetState } from '../read/subnet.js';
import { weightsErrors } from './weights-errors.js';
import type { WeightsFacts } from './weights-facts.js';

/** A call that sets or commits weights, and the arguments that it takes in their order. */
export interface WeightsCall {
  kind: WeightsFacts['kind'];
  /** In snake case. */
  call: string;
  /** In camel case. */
  takes: readonly string[];
}

type Candidate = readonly [call: string, kind: WeightsFacts['kind']];

const SET: readonly Candidate[] = [['set_weights', 'set']];
const SET_OF_MECHANISM: readonly Candidate[] = [['set_mechanism_weights', 'set']];
/** The best first. `commit_crv3_weights` is missing: the last runtimes that had it could commit by hash as well. */
const COMMIT: readonly Candidate[] = [
  ['commit_timelocked_weights', 'timelocked'],
  ['commit_timelocked_mechanism_weights', 'timelocked'],
  ['commit_crv3_mechanism_weights', 'timelocked'],
  ['commit_weights', 'hash'],
];
const COMMIT_OF_MECHANISM: readonly Candidate[] = [
  ['commit_timelocked_mechanism_weights', 'timelocked'],
  ['commit_crv3_mechanism_weights', 'timelocked'],
  ['commit_mechanism_weights', 'hash'],
];

/** Names of the arguments that this version knows how to fill. */
const KNOWN: ReadonlySet<string> = new Set([
  'netuid',
  'mecid',
  'dests',
  'weights',
  'versionKey',
  'commit',
  'revealRound',
  'commitRevealVersion',
  'commitHash',
  'uids',
  'values',
  'salt',
]);

/**
 * The best call of this runtime. One with an argument that is not known is passed over.
 * @throws COMMIT_CALL_UNKNOWN
 */
export function weightsCall(subnet: SubnetState, isCommitted: boolean): WeightsCall {
  const { mechanism } = subnet.place;
  const plain = mechanism === 0 ? SET : SET_OF_MECHANISM;
  const committed = mechanism === 0 ? COMMIT : COMMIT_OF_MECHANISM;
  return firstOf(subnet, isCommitted ? committed : plain);
}

/** The call that reveals a commit by hash. @throws COMMIT_CALL_UNKNOWN */
export const revealCall = (subnet: SubnetState): WeightsCall =>
  firstOf(subnet, [[subnet.place.mechanism === 0 ? 'reveal_weights' : 'reveal_mechanism_weights', 'hash']]);

function firstOf({ runtime, place }: SubnetState, candidates: readonly Candidate[]): WeightsCall {
  for (const [call, kind] of candidates) {
    const takes = runtime.calls.argumentNames(PALLET, call);
    if (takes?.every((name) => KNOWN.has(name))) return { kind, call, takes };
  }
  throw weightsErrors.COMMIT_CALL_UNKNOWN({ runtime: runtime.name, mechanism: place.mechanism });
}

/** The values of a call's arguments in their order. @throws COMMIT_CALL_UNKNOWN when one is missing */
export function argumentsOf(
  { runtime, place }: Pick<SubnetState, 'runtime'> & { place: { mechanism: number } },
  { takes }: Pick<WeightsCall, 'call' | 'takes'>,
  values: Readonly<Record<string, unknown>>,
): unknown[] {
  return takes.map((name) => {
    if (!Object.hasOwn(values, name))
      throw weightsErrors.COMMIT_CALL_UNKNOWN({ runtime: runtime.name, mechanism: place.mechanism });
    return values[name];
  });
}
