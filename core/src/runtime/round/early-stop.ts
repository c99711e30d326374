import type { ScoredContender } from '../../contracts/match-rule.js';
import type { TaskKindRule } from '../../contracts/task-kind.js';
import type { RoundInput } from '../../judging/round-input.js';
import type { Steps } from '../../judging/steps.js';
import { matchContextOf, scoredContender } from '../../judging/verdict.js';
import { taskKindOf } from '../../kinds/task-kinds.js';
import type { RuleBook } from '../../rules/rule-book.js';
import type { EntryContender, UnjudgedRound } from './entry-shape.js';
import { judgedContender } from './judged-contender.js';
import { judgedEntry, type JudgedEntry } from './judged-entry.js';

/**
 * After how many samples a round ends by its match rule; undefined where the losses so far do not say. It is the first part at
 * which the rule stops, asked about those who have a score in the end. Where one contender of several is left, nothing depends on
 * more than the first part. Pure: the run asks after each part, and the judge asks again.
 *
 * @param entry with the losses of all parts so far
 * @param asked samples up to which the rule has been asked about the same contenders, and has not stopped
 */
export function* dueSamples(entry: UnjudgedRound, book: RuleBook, asked = 0): Steps<number | undefined> {
  return yield* dueIn(entry, judgedEntry(entry, book), book, asked);
}

function* dueIn(
  entry: UnjudgedRound,
  { input, rules }: JudgedEntry,
  book: RuleBook,
  asked: number,
): Steps<number | undefined> {
  const { earlyStop } = rules.match;
  const total = input.drawn[0]?.samples ?? 0;
  const scored = scoredIn(entry, input);
  if (!earlyStop || scored.length === 0) return undefined;
  if (scored.length === 1 && entry.contenders.length > 1) return Math.min(earlyStop.every, total);
  const known = Math.min(...scored.map(samplesOf));
  const context = matchContextOf(input, rules);
  for (let done = asked + earlyStop.every; done < total && done <= known; done += earlyStop.every) {
    if (
      earlyStop.stops(
        scored.flatMap((one) => prefixOf(one, done, entry, input, book.kinds())),
        context,
      )
    )
      return done;
    yield;
  }
  return known >= total ? total : undefined;
}

/**
 * Where the scored contenders of an entry do not have the losses of exactly as many samples as their match rule asks for: how many
 * they have, and how many are due, which is null where the round goes on. Undefined where all is well.
 */
export function* misplacedStopIn(
  entry: UnjudgedRound,
  judged: JudgedEntry,
  book: RuleBook,
): Steps<RoundInput['misplacedStop']> {
  const counts = scoredIn(entry, judged.input).map(samplesOf);
  if (!judged.rules.match.earlyStop || counts.length === 0) return undefined;
  const due = (yield* dueIn(entry, judged, book, 0)) ?? null;
  const misplaced = counts.find((count) => count !== due);
  return misplaced === undefined ? undefined : { samples: misplaced, due };
}

/** The contenders of an entry that are judged as scored, in the order of a round. */
const scoredIn = ({ contenders }: UnjudgedRound, input: RoundInput): EntryContender[] =>
  contenders
    .filter((_one, index) => input.contenders[index]?.outcome.status === 'scored')
    .sort((a, b) => a.block - b.block || a.uid - b.uid);

const samplesOf = ({ outcome }: EntryContender): number =>
  outcome.status === 'scored' ? (outcome.tasks[0]?.losses.length ?? 0) : 0;

/** A scored contender as the match rule would see it after the first samples. */
function prefixOf(
  contender: EntryContender,
  count: number,
  { competition: { tasks } }: UnjudgedRound,
  { contenders }: RoundInput,
  kinds: readonly TaskKindRule[],
): ScoredContender[] {
  const { outcome } = contender;
  if (outcome.status === 'failed') return [];
  const first = outcome.tasks.map((one) => {
    const losses = one.losses.slice(0, count);
    const task = tasks.find(({ name }) => name === one.name);
    const score = task && taskKindOf(task, kinds).judge({ losses, evidence: one.evidence }, one.name).score;
    return { ...one, losses, samples: losses.length, rawScore: score ?? Number.NaN };
  });
  const judged = judgedContender({ ...contender, outcome: { status: 'scored', tasks: first } }, tasks, kinds);
  const whole = contenders.find(({ uid }) => uid === contender.uid)?.outcome;
  const margin = whole?.status === 'scored' ? whole.margin : undefined;
  if (judged.outcome.status === 'failed' || margin === undefined) return [scoredContender(judged) ?? []].flat();
  return [scoredContender({ ...judged, outcome: { ...judged.outcome, margin } }) ?? []].flat();
}
