import { asBlockNumber, asHotkey, type BlockNumber, type Hotkey } from '@assay/core/contracts/brands';
import type { SubnetParameters } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { answerAs } from '../rpc/greeting.js';
import { subtensorErrors } from '../errors.js';
import { account, amount, count } from './numbers.js';
import { PALLET, type SubnetState } from './subnet.js';

/** Storage items behind the parameters. Those that are optional in the schema came or went with some runtime. */
const items = z.object({
  NetworksAdded: z.boolean(),
  SubnetworkN: z.number().int().nonnegative(),
  MechanismCountCurrent: z.number().int().optional(),
  Tempo: count,
  WeightsSetRateLimit: count,
  WeightsVersionKey: amount,
  MinAllowedWeights: z.number().int(),
  MaxAllowedUids: z.number().int(),
  StakeThreshold: amount,
  CommitRevealWeightsEnabled: z.boolean(),
  RevealPeriodEpochs: count.optional(),
  ImmunityPeriod: count,
  ActivityCutoff: count.optional(),
  ActivityCutoffFactorMilli: count.optional(),
  SubnetEpochConsensus: z.unknown().optional(),
  SubnetOwnerHotkey: account.nullish(),
  LastEpochBlock: count.optional(),
  PendingEpochAt: count.optional(),
});
type Items = z.infer<typeof items>;

export interface SubnetFacts {
  parameters: SubnetParameters;
  ownerHotkey: Hotkey | null;
  nextEpoch: BlockNumber | null;
  /** Number of uids. */
  size: number;
}

/** @throws SUBNET_UNKNOWN, MECHANISM_UNKNOWN, ANSWER_MALFORMED, what `Link.call` throws */
export async function readFacts(subnet: SubnetState, block: number, chain: string): Promise<SubnetFacts> {
  const { netuid, mechanism } = subnet.place;
  const found = answerAs(items, PALLET, await subnet.items(Object.keys(items.shape)));
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

/** Since the tempo can be changed by the owner it is a factor of it in thousandths, before that a number of blocks. */
const activityCutoff = ({ ActivityCutoffFactorMilli: factor, ActivityCutoff: blocks, Tempo: tempo }: Items): number =>
  factor === undefined ? (blocks ?? 0) : Math.floor((factor * tempo) / 1000);

/** A runtime without the choice has Yuma. The value is the name of an enum's variant. */
const consensusOf = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : 'yuma');

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
