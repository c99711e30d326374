import { z } from 'zod';
import { MARK_LENGTH, type AnyEntrantsRule, type Intake } from '../contracts/entrants-rule.js';
import type { EntryCheck } from '../contracts/entry-check.js';
import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { MatchOutcome, MatchRule, ScoredContender } from '../contracts/match-rule.js';
import type { MergeRule } from '../contracts/merge-rule.js';
import { columnValues } from '../contracts/rule.js';
import { defender, type AnyStandingRule, type Defender } from '../contracts/standing-rule.js';
import { isAssayError } from '../errors/assay-error.js';
import { messageOf } from '../errors/describe.js';
import { DOORS, type DoorName, type Doors } from './doors.js';
import { ruleErrors } from './errors.js';

/** Float32 shares of a thousand uids sum to 1 but for a few 1e-5. */
const ROUNDING = 1e-4;

/** Refuses what a rule returns, in the name of the rule. */
type Refuse = (reason: string, cause?: unknown) => Error;

type Guards = { [Door in DoorName]?: (rule: Doors[Door], refuse: Refuse) => Doors[Door] };

const GUARDS: Guards = {
  epsilons: guardedEpsilon,
  matchRules: guardedMatch,
  standingRules: guardedStanding,
  mergeRules: guardedMerge,
  entrantsRules: guardedEntrants,
  entryChecks: guardedEntryCheck,
};

/**
 * A rule that throws RULE_BROKEN where it throws an error without a code, or returns what its contract excludes: a wrong
 * number would otherwise become a weight on chain.
 */
export function guarded<Door extends DoorName>(
  door: Door,
  { name, plugin }: { name: string; plugin: string },
  rule: Doors[Door],
): Doors[Door] {
  const refuse: Refuse = (reason, cause) =>
    ruleErrors.RULE_BROKEN({ door: DOORS[door].title, rule: name, plugin, reason }, cause);
  return GUARDS[door]?.(rule, refuse) ?? rule;
}

function guardedEpsilon(rule: EpsilonFunction, refuse: Refuse): EpsilonFunction {
  return {
    fullyDecayed: rule.fullyDecayed,
    compute(now, claimedAt) {
      const epsilon = coded(refuse, () => rule.compute(now, claimedAt));
      if (epsilon >= 0 && epsilon < 1) return epsilon;
      throw refuse(`epsilon is ${epsilon}, not from 0 below 1`);
    },
  };
}

function guardedMatch(rule: MatchRule, refuse: Refuse): MatchRule {
  const { earlyStop } = rule;
  if (earlyStop && !(Number.isSafeInteger(earlyStop.every) && earlyStop.every > 0))
    throw refuse(`its early stop has parts of ${String(earlyStop.every)} samples`);
  return {
    columns: rule.columns,
    ...(earlyStop && {
      earlyStop: {
        every: earlyStop.every,
        stops: (contenders, context) => coded(refuse, () => earlyStop.stops(contenders, context)),
      },
    }),
    *play(contenders, context) {
      const steps = coded(refuse, () => rule.play(contenders, context));
      for (;;) {
        const step = coded(refuse, () => steps.next());
        if (step.done !== true) {
          yield;
          continue;
        }
        const reason = coded(refuse, () => wrongOutcome(step.value, contenders));
        if (reason !== undefined) throw refuse(reason);
        return step.value;
      }
    },
    bar: (incumbent, context) => coded(refuse, () => rule.bar(incumbent, context)),
    samplesNeeded: (total) => coded(refuse, () => rule.samplesNeeded(total)),
    ...(rule.samplesToKnow && {
      samplesToKnow: (contenders, context) => coded(refuse, () => rule.samplesToKnow?.(contenders, context) ?? []),
    }),
  };
}

function wrongOutcome({ records, winner }: MatchOutcome, contenders: readonly ScoredContender[]): string | undefined {
  const uids = new Set(contenders.map(({ uid }) => uid));
  if (winner !== null && !uids.has(winner)) return `it names uid ${winner} as the winner, which did not play`;
  for (const [uid, { wins, matches, winRate, values }] of records) {
    if (!uids.has(uid)) return `it has a record for uid ${uid}, which did not play`;
    if (!(wins >= 0 && wins <= matches)) return `uid ${uid} has ${wins} wins in ${matches} matches`;
    if (!(winRate >= 0 && winRate <= 1)) return `uid ${uid} has a win rate of ${winRate}, not from 0 to 1`;
    if (!columnValues.safeParse(values ?? {}).success) return `the values of uid ${uid} can't be recorded`;
  }
  return undefined;
}

function guardedStanding(rule: AnyStandingRule, refuse: Refuse): AnyStandingRule {
  return {
    columns: rule.columns,
    state: rule.state,
    ...(rule.continues ? { continues: rule.continues } : {}),
    ...(rule.first === undefined ? {} : { first: rule.first as unknown }),
    ...(rule.history ? { history: rule.history } : {}),
    ...(rule.defenders ? { defenders: (state) => requireDefenders(refuse, () => rule.defenders?.(state)) } : {}),
    next(before, round) {
      const next = coded(refuse, () => rule.next(before, round));
      requireRecordable(next.state, refuse);
      for (const [uid, values] of next.values) {
        if (!columnValues.safeParse(values).success) throw refuse(`the values of uid ${uid} can't be recorded`);
      }
      return next;
    },
    shares(state, seats) {
      const shares = coded(refuse, () => rule.shares(state, seats));
      requireWeights(shares, 'share', refuse);
      const sum = shares.reduce((total, share) => total + share, 0);
      if (sum > 1 + ROUNDING) throw refuse(`its shares sum to ${sum}, and nothing can hand out more than 1`);
      return shares;
    },
    incumbents: (state) => coded(refuse, () => rule.incumbents(state)),
  };
}

function requireDefenders(refuse: Refuse, call: () => unknown): readonly Defender[] {
  const parsed = z.array(defender).safeParse(coded(refuse, call) ?? []);
  if (!parsed.success) throw refuse('its defenders are not a list of hotkey, block and reference');
  const hotkeys = parsed.data.map(({ hotkey }) => hotkey);
  const twice = hotkeys.find((hotkey, index) => hotkeys.indexOf(hotkey) < index);
  if (twice !== undefined) throw refuse(`it names ${twice} twice among its defenders`);
  return parsed.data;
}

function guardedMerge(rule: MergeRule, refuse: Refuse): MergeRule {
  return {
    takesTheRest: rule.takesTheRest,
    apply(weights, input) {
      const merged = coded(refuse, () => rule.apply(weights, input));
      if (merged.length !== weights.length)
        throw refuse(`it returns ${merged.length} weights for ${weights.length} uids`);
      requireWeights(merged, 'weight', refuse);
      return merged;
    },
  };
}

function guardedEntrants(rule: AnyEntrantsRule, refuse: Refuse): AnyEntrantsRule {
  return {
    state: rule.state,
    ...(rule.intake ? { intake: guardedIntake(rule.intake, refuse) } : {}),
    ...(rule.history ? { history: rule.history } : {}),
    ...(rule.repetition ? { repetition: (state) => coded(refuse, () => rule.repetition?.(state) ?? 1) } : {}),
    select: (state, waiting, context) => coded(refuse, () => rule.select(state, waiting, context)),
    again: (history, epsilon, block) => coded(refuse, () => rule.again(history, epsilon, block)),
    next(state, round) {
      const next = coded(refuse, () => rule.next(state, round));
      requireRecordable(next.state, refuse);
      return next;
    },
  };
}

function guardedIntake(intake: NonNullable<AnyEntrantsRule['intake']>, refuse: Refuse): typeof intake {
  return {
    ahead: intake.ahead,
    ...(intake.given ? { given: intake.given } : {}),
    marked: (state) => coded(refuse, () => intake.marked(state)),
    queue: (state) => coded(refuse, () => intake.queue(state)),
    take(state, claim, context) {
      const taken = coded(refuse, (): Intake<unknown> => intake.take(state, claim, context));
      if (taken.status === 'ignored') return taken;
      requireRecordable(taken.state, refuse);
      if (taken.status === 'refused' && !['miner', 'config'].includes(taken.error.fault))
        throw refuse(`it refuses a claim for ${taken.error.code}, a fault of ${taken.error.fault}`);
      requireMarks(taken.marks, (mark) => context.isMarked(mark), refuse);
      return taken;
    },
    leave(state, hotkey) {
      const next = coded(refuse, (): unknown => intake.leave(state, hotkey));
      requireRecordable(next, refuse);
      return next;
    },
  };
}

function guardedEntryCheck(rule: EntryCheck, refuse: Refuse): EntryCheck {
  if (!rule.compared) return rule;
  return {
    listed: (model, context) => rule.listed?.(model, context) ?? [],
    fetched: (model, context) => rule.fetched?.(model, context) ?? [],
    inspected: (model, context) => rule.inspected?.(model, context) ?? [],
    ...(rule.compares ? { compares: rule.compares } : {}),
    compared(model) {
      const findings = coded(refuse, () => rule.compared?.(model) ?? []);
      for (const { name, error, margin = 0 } of findings) {
        if (error && error.fault !== 'miner')
          throw refuse(`${name}: it refuses a model for ${error.code}, a fault of ${error.fault}`);
        if (!(margin >= 0 && margin < 1)) throw refuse(`${name}: the margin is ${margin}, not from 0 below 1`);
      }
      return findings;
    },
  };
}

/** A mark that is not new or too long would make the records of claims say another thing than the state. */
function requireMarks(marks: readonly string[], isMarked: (mark: string) => boolean, refuse: Refuse): void {
  if (new Set(marks).size !== marks.length) throw refuse('it makes a mark twice');
  for (const mark of marks) {
    if (mark.length === 0 || mark.length > MARK_LENGTH)
      throw refuse(`it makes a mark of ${mark.length} characters, not of 1 to ${MARK_LENGTH}`);
    if (isMarked(mark)) throw refuse('it makes a mark that is there already');
  }
}

/** @throws RULE_BROKEN in place of an error without a code */
function coded<T>(refuse: Refuse, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw isAssayError(error) ? error : refuse(`it throws an error without a code: ${messageOf(error)}`, error);
  }
}

function requireWeights(weights: readonly number[], what: string, refuse: Refuse): void {
  const wrong = Array.from(weights).findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) throw refuse(`uid ${wrong} gets a ${what} of ${String(weights[wrong])}`);
}

function requireRecordable(state: unknown, refuse: Refuse): void {
  if (!z.json().safeParse(state).success) throw refuse('its state is not plain JSON, so it cannot be recorded');
}
