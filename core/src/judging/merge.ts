import type { MergeInput, MergeRule } from '../contracts/merge-rule.js';
import type { RuleRecord } from '../contracts/rule.js';
import { judgingErrors } from './errors.js';
import { distribution32 } from './moving-average.js';
import { answerOf } from './rule-answers.js';

/** A merge rule, and how a submission records it. */
interface BoundMerge {
  record: RuleRecord;
  rule: MergeRule;
}

/**
 * The subnet's weights by uid, summing to 1 or all zero: every rule in order, and the division by the sum.
 * @throws RULE_FAILED, WEIGHT_NOT_FINITE, and what a rule throws
 */
export function mergeStandings(input: MergeInput, rules: readonly BoundMerge[]): number[] {
  const lengths = [...input.standings.values()].map(({ length }) => length);
  const length = Math.max(0, ...lengths, ...input.seats.map(({ uid }) => uid + 1));
  const merged = rules.reduce(
    (weights, { record, rule }) => answerOf(record.rule, () => rule.apply(weights, input)),
    new Array<number>(length).fill(0),
  );
  const wrong = merged.findIndex((weight) => !Number.isFinite(weight) || weight < 0);
  if (wrong >= 0) throw judgingErrors.WEIGHT_NOT_FINITE({ uid: wrong, weight: merged[wrong] ?? Number.NaN });
  return distribution32(merged.map(Math.fround));
}
