import type { Defender } from '../../contracts/standing-rule.js';
import { comparisonsOf, comparisonVerdict, type Comparison } from '../../judging/compared.js';
import { defendersBefore, isDefender } from '../../judging/defenders.js';
import type { JudgedContender, RoundInput, RoundRules } from '../../judging/round-input.js';
import { recordedRules } from '../../rules/chosen.js';
import { readStanding } from '../../rules/read-standing.js';
import type { RuleBook } from '../../rules/rule-book.js';
import type { EntryContender, UnjudgedRound } from './entry-shape.js';
import { judgedContender } from './judged-contender.js';

export interface JudgedEntry {
  input: RoundInput;
  rules: RoundRules;
}

/**
 * What the verdict on an entry rests on, and the rules that it names.
 * @throws RULE_UNKNOWN, RULE_VERSION where a rule is not installed as recorded
 */
export function judgedEntry(entry: UnjudgedRound, book: RuleBook): JudgedEntry {
  const { competition, contenders, seats, standingBefore, block, seed, unknown } = entry;
  const { epsilon, match, standing, entrants } = recordedRules(book, entry.rules);
  const { keepThreshold } = entry.rules;
  const defenders = defendersBefore(standing, standingBefore);
  const comparisons = comparisonsIn({ similarity: entry.similarity, contenders, defenders }, book);
  const input = {
    contenders: contenders.map((item) => compared(judgedContender(item, competition.tasks, book.kinds()), comparisons)),
    seats,
    standingBefore: standingBefore && readStanding(book, standingBefore, seats),
    entrantsBefore: entry.entrantsBefore,
    block,
    seed: BigInt(seed),
    drawn: entry.samples.map(({ task, batches, clusters }) => ({
      ...{ task, samples: batches },
      // Clusters whose attachment is gone come back as an empty list.
      ...(clusters?.length === batches ? { clusters } : {}),
    })),
    repetition: entry.repetition ?? 1,
    ...(unknown ? { unknown } : {}),
    ...(comparisons ? { compared: comparisons.map(comparisonVerdict) } : {}),
  };
  return { input, rules: { epsilon: epsilon.rule, match: match.rule, standing, entrants, keepThreshold } };
}

/**
 * What the entry checks of a round say of contenders that are like others, from the pairs on record; undefined where no check
 * compares. A defender has won against what was there before it, and is no copy of who challenges it.
 * @throws RULE_UNKNOWN, RULE_VERSION, RULE_BROKEN
 */
export function comparisonsIn(
  {
    similarity,
    contenders,
    defenders,
  }: {
    similarity: UnjudgedRound['similarity'];
    contenders: readonly Pick<EntryContender, 'uid' | 'hotkey' | 'block' | 'reference'>[];
    defenders: readonly Defender[];
  },
  book: RuleBook,
): Comparison[] | undefined {
  if (!similarity || similarity.checks.length === 0) return undefined;
  const checks = similarity.checks.map((record) => book.recorded('entryChecks', record).rule);
  const defending = new Set(contenders.filter((one) => isDefender(one, defenders)).map(({ uid }) => uid));
  return comparisonsOf(contenders, similarity.pairs, checks).filter(({ uid }) => !defending.has(uid));
}

/** A contender with what the entry checks say of it beside what its evaluation says. */
function compared(contender: JudgedContender, comparisons: readonly Comparison[] = []): JudgedContender {
  const found = comparisons.find(({ uid }) => uid === contender.uid);
  if (found?.refusal) return { ...contender, outcome: { status: 'failed', error: found.refusal.toReport() } };
  if (!found || contender.outcome.status === 'failed' || found.margin === 0) return contender;
  return { ...contender, outcome: { ...contender.outcome, margin: found.margin } };
}
