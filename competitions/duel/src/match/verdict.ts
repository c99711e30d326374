import type { MatchContext } from '@assay/core/contracts/match-rule';
import type { ColumnValues, RuleColumn } from '@assay/core/contracts/rule';
import { effectiveSampleSize } from '@assay/core/judging/effective-sample-size';
import { clustersOf, drawnSamples, type Duel } from './differences.js';
import { pairwiseMean } from './pairwise-sum.js';

/** Columns of a duel, for the line of the challenger. */
export const COLUMNS: readonly RuleColumn[] = [
  {
    key: 'verdict',
    title: 'verdict',
    about: 'won; lost; stopped: lost before every sequence was scored; again: won, and plays on other sequences.',
  },
  {
    key: 'difference',
    title: 'difference',
    about: 'Mean loss of the king less that of the challenger, in nats; above 0 the challenger is better.',
  },
  {
    key: 'bound',
    title: 'bound',
    about:
      'Lower bound of the difference by the bootstrap, in nats; none after a stop, nor of losses that are too large for one.',
  },
  { key: 'margin', title: 'margin', about: 'What the bound has to be above, in nats.' },
  { key: 'sequences', title: 'sequences', about: 'Sequences that were scored.' },
  { key: 'drawn', title: 'of', about: 'Sequences that were drawn.' },
  {
    key: 'effectiveSize',
    title: 'independent',
    about:
      'Number of independent sequences that those of so few shards or pages are worth; none where the dataset does not say.',
  },
  {
    key: 'close',
    title: 'close',
    about: 'Whether the bound is nearer to the margin than losses of different machines may differ.',
  },
];

export type Verdict = 'won' | 'lost' | 'stopped' | 'again';

/** What a duel has come to. */
export interface Judged extends Duel {
  verdict: Verdict;
  /** Null where the round was stopped, and where losses are too large for a bound. */
  bound: number | null;
  /** In nats. */
  margin: number;
}

/**
 * The line of a challenger, by the keys of `COLUMNS`.
 * @param tolerance by how much losses may differ between machines, in nats
 */
export function valuesOf(
  { verdict, differences, bound, margin }: Judged,
  context: MatchContext,
  tolerance: number,
): ColumnValues {
  const sequences = differences.length;
  const clusters = clustersOf(context)?.slice(0, sequences);
  return {
    verdict,
    difference: finite(pairwiseMean(differences)),
    bound,
    margin,
    sequences,
    drawn: drawnSamples(context),
    effectiveSize: finite(clusters?.length === sequences ? effectiveSampleSize([...differences], clusters) : null),
    close: bound !== null && Math.abs(bound - margin) < tolerance,
  };
}

/** Squares and sums of losses near the largest number overflow: a record holds finite numbers only. */
const finite = (value: number | null): number | null => (Number.isFinite(value) ? value : null);
