import type { Neuron, WeightRow } from '@assay/core/contracts/chain-client';

/** The subnet as an epoch finds it. */
interface EpochInput {
  /** Block in which the epoch runs. */
  block: number;
  /** In ascending order of uid. */
  neurons: readonly Pick<Neuron, 'uid' | 'hotkey' | 'stake' | 'validatorPermit' | 'lastUpdate' | 'registeredAt'>[];
  weights: ReadonlyMap<number, WeightRow>;
  /** By hotkey: block of its earliest commit of weights that is not revealed yet. */
  commits: ReadonlyMap<string, number>;
  /** Majority of stake that has to stand behind a weight, as a share. */
  kappa: number;
  /** Rao. */
  stakeThreshold: bigint;
  activityCutoff: number;
  maxValidators: number;
  /** Uid of the owner's hotkey; null where it is not registered. */
  ownerUid: number | null;
  /** `null`: the validator with the largest stake decides, and dividends follow stake. */
  consensus: string;
}

/** What an epoch leaves behind for one neuron: shares are multiples of 1/65535. */
type EpochTerms = Pick<Neuron, 'uid' | 'incentive' | 'dividends' | 'validatorTrust' | 'validatorPermit'>;

/** One weight for each neuron, by its position in the list of neurons. */
type Row = Float64Array;

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** Shares that sum to 1; all zeros stay zeros. */
function normalized(values: readonly number[]): number[] {
  const total = sum(values);
  return total > 0 ? values.map((value) => value / total) : [...values];
}

/** The runtime cuts a share off to a multiple of 1/65535. The small addend makes up for rounding in float64. */
const cutToU16 = (share: number): number => Math.min(65_535, Math.floor(share * 65_535 + 1e-6)) / 65_535;

/**
 * Weights to incentives, trust and permits, by the formulas of Subtensor's Yuma consensus (subtensor, spec 425,
 * pallets/subtensor/src/epoch/run_epoch.rs). It differs from the runtime in two ways: bonds are those of this epoch,
 * without their moving average, and numbers are float64 and not fixed-point.
 *
 * @returns in the order of the neurons
 */
export function epochTerms(input: EpochInput): EpochTerms[] {
  const { neurons, ownerUid, maxValidators, consensus: kind } = input;
  const stake = normalized(neurons.map((neuron) => stakeThatCounts(neuron, input)));
  const permits = neurons.map(({ uid, validatorPermit }) => validatorPermit || uid === ownerUid);
  const activeStake = normalized(
    neurons.map((neuron, index) => (permits[index] === true && isActive(neuron, input) ? (stake[index] ?? 0) : 0)),
  );
  const rows = neurons.map((_, index) => (permits[index] === true ? countedRow(index, input) : undefined));
  const consensus = kind === 'null' ? rowOfLargest(activeStake, rows) : medians(activeStake, rows, input.kappa);
  const clipped = rows.map((row) => row?.map((weight, column) => Math.min(weight, consensus[column] ?? 0)));
  const incentive = normalized(kind === 'null' ? consensus : ranks(activeStake, clipped));
  const dividends = kind === 'null' ? activeStake : dividendsOf(activeStake, clipped, incentive);
  const nextPermits = largest(stake, maxValidators);
  return neurons.map(({ uid }, index) => ({
    uid,
    incentive: cutToU16(incentive[index] ?? 0),
    dividends: cutToU16(dividends[index] ?? 0),
    validatorTrust: cutToU16(sum(clipped[index] ?? [])),
    validatorPermit: nextPermits.has(index) || uid === ownerUid,
  }));
}

/** Stake below the threshold counts as none, save the owner's. */
const stakeThatCounts = (
  { uid, stake }: EpochInput['neurons'][number],
  { stakeThreshold, ownerUid }: EpochInput,
): number => (uid !== ownerUid && stake < stakeThreshold ? 0 : Number(stake));

const isActive = (
  { lastUpdate }: EpochInput['neurons'][number],
  { activityCutoff, block }: Pick<EpochInput, 'activityCutoff' | 'block'>,
): boolean => lastUpdate + activityCutoff >= block;

/**
 * A validator's weights as shares: without what it gives itself (the owner may), without neurons that registered in the
 * block of its last weights or later, and without those that registered after its earliest commit that is not revealed yet.
 */
function countedRow(index: number, { neurons, weights, commits, ownerUid }: EpochInput): Row | undefined {
  const own = neurons[index];
  const row = own && weights.get(own.uid);
  if (!own || !row) return undefined;
  const given = new Map(row);
  const committed = commits.get(own.hotkey) ?? Infinity;
  const counted = neurons.map(({ uid, registeredAt }) => {
    const isItself = uid === own.uid && uid !== ownerUid;
    const isNewer = own.lastUpdate <= registeredAt || committed < registeredAt;
    return isItself || isNewer ? 0 : (given.get(uid) ?? 0);
  });
  return Float64Array.from(normalized(counted));
}

/** For each neuron the largest weight behind which more than the majority of active stake stands. */
function medians(activeStake: readonly number[], rows: readonly (Row | undefined)[], kappa: number): number[] {
  const voters = activeStake.flatMap((stake, index) => (stake > 0 ? [{ stake, row: rows[index] }] : []));
  const minority = sum(voters.map(({ stake }) => stake)) - kappa;
  return activeStake.map((_, column) =>
    weightedMedian(
      voters.map(({ stake, row }) => ({ stake, weight: row?.[column] ?? 0 })),
      minority,
    ),
  );
}

/** The smallest weight for which those that give at most as much hold more than the minority's stake. */
function weightedMedian(votes: { stake: number; weight: number }[], minority: number): number {
  votes.sort((a, b) => a.weight - b.weight);
  let below = 0;
  for (const { stake, weight } of votes) {
    below += stake;
    if (below > minority) return weight;
  }
  return votes.at(-1)?.weight ?? 0;
}

function rowOfLargest(activeStake: readonly number[], rows: readonly (Row | undefined)[]): number[] {
  const most = Math.max(0, ...activeStake);
  const row = most > 0 ? rows[activeStake.indexOf(most)] : undefined;
  return row ? [...row] : activeStake.map(() => 0);
}

/** What the validators give each neuron, weighted by their stake. */
function ranks(activeStake: readonly number[], clipped: readonly (Row | undefined)[]): number[] {
  const totals = activeStake.map(() => 0);
  clipped.forEach((row, validator) => {
    const stake = activeStake[validator] ?? 0;
    if (stake > 0) row?.forEach((weight, column) => (totals[column] = (totals[column] ?? 0) + weight * stake));
  });
  return totals;
}

/** Each neuron's incentive goes to its validators, by their share of the stake-weighted weights in it. */
function dividendsOf(
  activeStake: readonly number[],
  clipped: readonly (Row | undefined)[],
  incentive: readonly number[],
): number[] {
  const totals = ranks(activeStake, clipped);
  const shares = clipped.map((row, validator) => {
    const stake = activeStake[validator] ?? 0;
    if (!row || stake === 0) return 0;
    return sum(
      row.map((weight, column) =>
        weight > 0 ? ((weight * stake) / (totals[column] ?? 1)) * (incentive[column] ?? 0) : 0,
      ),
    );
  });
  return normalized(shares);
}

/** Positions of the largest stakes that are not zero; of equal ones the later position wins, as in the runtime. */
function largest(stake: readonly number[], count: number): Set<number> {
  const ascending = [...stake.keys()].sort((a, b) => (stake[a] ?? 0) - (stake[b] ?? 0));
  const kept = ascending.slice(Math.max(0, ascending.length - count));
  return new Set(kept.filter((index) => (stake[index] ?? 0) > 0));
}
