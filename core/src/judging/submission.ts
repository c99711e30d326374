import { mergeCompetitions } from './moving-average.js';
import { quantizeWeights } from './quantize.js';
import { withoutFormerOwners, type EarnedWeights } from './standing.js';

/** All that a submission of weights follows from. */
export interface SubmissionInput {
  /** Standings of competitions in force, by id. */
  standings: Readonly<Record<string, EarnedWeights>>;
  schedule: readonly { id: number; share: number }[];
  /** Hotkeys that have the uids now, by uid; empty where nobody does. */
  owners: readonly string[];
  minAllowedWeights: number;
}

export interface Submission {
  /** What each standing gives to the present owners, by uid. */
  averages: ReadonlyMap<number, readonly number[]>;
  /** Share of the subnet's weight by uid, summing to 1; all 0 when nobody has earned any. */
  shares: number[];
  uids: number[];
  /** u16, one for each of `uids`. */
  weights: number[];
}

/**
 * The weights that are submitted: the run and its replay are the same calculation.
 * @throws WEIGHT_NOT_FINITE, TOO_FEW_WEIGHTS
 */
export function submissionOf({ standings, schedule, owners, minAllowedWeights }: SubmissionInput): Submission {
  const seats = owners.flatMap((hotkey, uid) => (hotkey === '' ? [] : [{ uid, hotkey }]));
  const averages = new Map(
    Object.entries(standings).map(([id, standing]) => [Number(id), withoutFormerOwners(standing, seats).weights]),
  );
  const shares = mergeCompetitions(averages, schedule, owners.length);
  const isEmpty = !shares.some((share) => share > 0);
  return {
    averages,
    shares,
    ...(isEmpty ? { uids: [], weights: [] } : quantizeWeights(shares, { minAllowedWeights })),
  };
}

/** Hotkeys by uid; empty where nobody is. */
export function ownersOf(neurons: readonly { uid: number; hotkey: string }[]): string[] {
  const owners = Array.from({ length: Math.max(-1, ...neurons.map(({ uid }) => uid)) + 1 }, () => '');
  for (const { uid, hotkey } of neurons) owners[uid] = hotkey;
  return owners;
}
