import { z } from 'zod';
import type { Json } from '../../contracts/round-journal.js';
import { RULES_VERSION } from '../../judging/rules-version.js';
import { finish, type Steps } from '../../judging/steps.js';
import { judgeRoundInSteps, type RoundVerdict } from '../../judging/verdict.js';
import type { RuleBook } from '../../rules/rule-book.js';
import { asJson } from '../derived-rows.js';
import { misplacedStopIn } from './early-stop.js';
import type { UnjudgedRound } from './entry-shape.js';
import { recordedInFormat1, verdictInFormat1 } from './format-1.js';
import { judgedEntry } from './judged-entry.js';
import { readRound } from './read-round.js';

/** Judges an entry from what it holds and nothing else: the run and its replay are the same calculation. */
export const judgeEntry = (entry: UnjudgedRound, book: RuleBook): RoundVerdict =>
  finish(judgeEntryInSteps(entry, book));

/** The same judgement, step by step. @throws RULE_UNKNOWN, RULE_VERSION where a rule is not installed as recorded */
export function* judgeEntryInSteps(entry: UnjudgedRound, book: RuleBook): Steps<RoundVerdict> {
  const judged = judgedEntry(entry, book);
  const { input, rules } = judged;
  const misplacedStop = yield* misplacedStopIn(entry, judged, book);
  return yield* judgeRoundInSteps(misplacedStop ? { ...input, misplacedStop } : input, rules);
}

/** Whose round it is; undefined when it is no round at all. */
export const hotkeyOf = (value: Json): string | undefined =>
  z.object({ hotkey: z.string() }).safeParse(value).data?.hotkey;

/** Of which subnet a record is; undefined when it does not say. */
export const netuidOf = (value: Json): number | undefined =>
  z.object({ netuid: z.number() }).safeParse(value).data?.netuid;

export interface ReplayResult {
  agrees: boolean;
  /** Dotted paths at which the recorded and the recomputed verdict differ. */
  differences: string[];
  verdict: RoundVerdict;
}

/**
 * Judges a recorded round again and compares with what was recorded, number by number.
 * @throws JOURNAL_EXPORT_MALFORMED when it is not the entry of a round; RULE_UNKNOWN, RULE_VERSION
 */
export function replayEntry(value: Json, book: RuleBook): ReplayResult {
  const { entry, old } = readRound(value);
  const verdict = judgeEntry(entry, book);
  const recomputed = asJson(old ? verdictInFormat1(verdict, old) : verdict);
  const differences = differencesOf(asJson(old ? recordedInFormat1(old) : entry.verdict), recomputed, 'verdict');
  if (entry.rulesVersion !== RULES_VERSION)
    differences.unshift(`rulesVersion: ${entry.rulesVersion}, this program has ${RULES_VERSION}`);
  return { agrees: differences.length === 0, differences, verdict };
}

function differencesOf(a: Json | undefined, b: Json | undefined, path = ''): string[] {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Object.is(a, b) ? [] : [`${path}: recorded ${JSON.stringify(a)}, recomputed ${JSON.stringify(b)}`];
  }
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys.flatMap((key) => differencesOf(left.get(key), right.get(key), path ? `${path}.${key}` : key));
}
