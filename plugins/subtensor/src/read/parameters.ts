import { asBlockNumber, asHotkey, type BlockNumber, type Hotkey } from '@assay/core/contracts/brands';
import type { SubnetParameters } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { answerAs } from '../rpc/greeting.js';
import { subtensorErrors } from '../errors.js';
import { account, amount, count } from './numbers.js';
import { PALLET, type SubnetState } from './subnet.js';

/** Storage items behind the parameters that every runtime has. */
const always = z.object({
  NetworksAdded: z.boolean(),
  SubnetworkN: count.refine((size) => size <= 65_536, 'a subnet has no more uids than 65536'),
  Tempo: count,
  WeightsSetRateLimit: count,
  WeightsVersionKey: amount,
  MinAllowedWeights: count,
  MaxAllowedUids: count,
  StakeThreshold: amount,
  CommitRevealWeightsEnabled: z.boolean(),
  ImmunityPeriod: count,
});
/** Those that came or went with some runtime. */
const sometimes = z.object({
  MechanismCountCurrent: count.optional(),
  RevealPeriodEpochs: count.optional(),
  ActivityCutoff: count.optional(),
  ActivityCutoffFactorMilli: count.optional(),
  SubnetEpochConsensus: z.unknown().optional(),
  SubnetOwnerHotkey: account.nullish(),
  LastEpochBlock: count.optional(),
  PendingEpochAt: count.optional(),
});
const items = z.object({ ...always.shape, ...sometimes.shape });
type Items = z.infer<typeof items>;

interface SubnetFacts {
  parameters: SubnetParameters;
  ownerHotkey: Hotkey | null;
  nextEpoch: BlockNumber | null;
  /** Number of uids. */
  size: number;
}

/** @throws SUBNET_UNKNOWN, MECHANISM_UNKNOWN, ANSWER_MALFORMED, RUNTIME_UNREADABLE, what `Link.call` throws */
export async function readFacts(subnet: SubnetState, block: number, chain: string): Promise<SubnetFacts> {
  const { netuid, mechanism } = subnet.place;
  // The chain numbers its subnets with 16 bits.
  if (netuid > 65_535) throw subtensorErrors.SUBNET_UNKNOWN({ netuid, chain });
  const values = await subnet.items(Object.keys(always.shape), Object.keys(sometimes.shape));
  const found = answerAs(items, PALLET, values);
  if (!found.NetworksAdded) throw subtensorErrors.SUBNET_UNKNOWN({ netuid, chain });
  const mechanisms = found.MechanismCountCurrent ?? 1;
  if (mechanism >= mechanisms) throw subtensorErrors.MECHANISM_UNKNOWN({ mechanism, netuid, count: mechanisms });
  return {
    parameters: {
      tempo: found.Tempo,
      weightsRateLimit: found.WeightsSetRateLimit,
      weightsVersionKey: found.WeightsVersionKey,
      minAllowedWeights: found.MinAllowedWeights,
      maxUids: found.MaxAllowedUids,
      stakeThreshold: found.StakeThreshold,
      commitRevealEnabled: found.CommitRevealWeightsEnabled,
      revealPeriodEpochs: found.RevealPeriodEpochs ?? 1,
      immunityPeriod: found.ImmunityPeriod,
      activityCutoff: activityCutoff(found),
      consensus: consensusOf(found.SubnetEpochConsensus),
    },
    ownerHotkey: ownerOf(found.SubnetOwnerHotkey),
    nextEpoch: nextEpoch(found, netuid, block),
    size: found.SubnetworkN,
  };
}

/**
 * Since the tempo can be changed by the owner it is a factor of it in thousandths, one block at least; before that a
 * number of blocks (subtensor, utils/misc.rs, get_activity_cutoff_blocks).
 */
export const activityCutoff = ({
  ActivityCutoffFactorMilli: factor,
  ActivityCutoff: blocks,
  Tempo: tempo,
}: Pick<Items, 'ActivityCutoffFactorMilli' | 'ActivityCutoff' | 'Tempo'>): number =>
  factor === undefined ? (blocks ?? 0) : Math.max(1, Math.floor((factor * tempo) / 1000));

/**
 * A runtime without the choice has Yuma. The value is an enum's variant: its name, or its name with what it holds.
 * A value of another shape is a mode that this version does not know.
 */
export function consensusOf(value: unknown): string {
  if (value === undefined || value === null) return 'yuma';
  const name = typeof value === 'object' ? Object.keys(value)[0] : value;
  return typeof name === 'string' ? name.toLowerCase() : `unknown (${JSON.stringify(value)})`;
}

/** The chain answers with the account of zeros where an owner was never set. */
const NO_ACCOUNT = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';
const ownerOf = (owner: string | null | undefined): Hotkey | null =>
  owner === undefined || owner === null || owner === NO_ACCOUNT ? null : asHotkey(owner);

/**
 * Stateful schedule: `tempo` blocks after the last epoch, or when the owner has asked for one (subtensor,
 * coinbase/run_coinbase.rs, get_next_epoch_start_block). Before spec 423 every `tempo + 1` blocks, by netuid.
 */
export function nextEpoch(
  {
    Tempo: tempo,
    LastEpochBlock: last,
    PendingEpochAt: pending = 0,
  }: Pick<Items, 'Tempo' | 'LastEpochBlock' | 'PendingEpochAt'>,
  netuid: number,
  block: number,
): BlockNumber | null {
  if (tempo === 0) return null;
  if (last === undefined) {
    const left = tempo - ((block + netuid + 1) % (tempo + 1));
    return asBlockNumber(block + (left === 0 ? tempo + 1 : left));
  }
  const due = pending > 0 ? Math.min(last + tempo, pending) : last + tempo;
  return asBlockNumber(Math.max(due, block + 1));
}
