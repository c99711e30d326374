import { z } from 'zod';
import type { MatchRule, ScoredContender } from '../../contracts/match-rule.js';
import type { Rule } from '../../contracts/rule.js';
import { judgingErrors } from '../../judging/errors.js';
import { barByEpsilon } from './mean-loss.js';
import { everyPair } from './pairs.js';

/** One match for each pair and batch: as the mechanism was first written down. */
export const perBatch: Rule<MatchRule, object> = {
  name: 'per-batch',
  version: 1,
  summary:
    'One match for each pair and batch: the later model wins where its loss is below the earlier one less epsilon.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    columns: [],
    *play(contenders, context) {
      const losses = new Map(contenders.map((one) => [one.uid, lossesOf(one)]));
      requireEqualNumbers(contenders, losses);
      return yield* everyPair(contenders, context, ({ uid }) => losses.get(uid) ?? []);
    },
    bar: barByEpsilon,
    samplesNeeded: (total) => total,
  }),
};

const lossesOf = ({ tasks }: ScoredContender): number[] => tasks.flatMap(({ losses }) => losses);

/** A contender that lacks a batch would play fewer matches, or none. @throws SEQUENCES_DIFFER */
function requireEqualNumbers(
  contenders: readonly ScoredContender[],
  losses: ReadonlyMap<number, readonly number[]>,
): void {
  const countOf = ({ uid }: ScoredContender): number => losses.get(uid)?.length ?? 0;
  const expected = Math.max(1, ...contenders.map(countOf));
  const short = contenders.find((one) => countOf(one) !== expected);
  if (short) throw judgingErrors.SEQUENCES_DIFFER({ uid: short.uid, losses: countOf(short), expected });
}
