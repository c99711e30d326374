import type { Standing } from '../contracts/standing-rule.js';
import { canonicalJson } from '../journal/canonical-json.js';
import { nextState, type CompetitionState, type JudgingState } from '../judging/next-state.js';
import type { RuleBook } from '../rules/rule-book.js';
import { asJson } from './derived-rows.js';
import type { HistoryEntry } from './intake/history-record.js';
import { isIntake, ReplayedIntake } from './intake/replayed-intake.js';
import type { RecordedRound, StatedRecord } from './recorded-rounds.js';
import { withKnownOwners } from './round/format-1.js';
import { canGoBetter } from './round/round.js';
import type { History } from './tables.js';

/** What the records say of one competition. */
export interface ReplayedCompetition {
  name: string | undefined;
  standing: Standing | undefined;
  /** The newest round that counts, and the newest after which the same contenders are not judged again. */
  counted: RecordedRound | undefined;
  settled: RecordedRound | undefined;
  /** By hotkey, oldest first, with the commitment that each result is of. */
  results: Map<string, { commitment: string; committedAt: number; result: History[number] }[]>;
  /** What its claims and rounds have left of its entrants. */
  intake: ReplayedIntake;
}

/** The state that follows from the records of a journal, taken one after the other, oldest first. */
export class ReplayedJournal {
  readonly #all = new Map<number, ReplayedCompetition>();
  #judged: JudgingState = new Map();

  /** Whether the standing and the intake that each round went on from are compared with what the records before it leave. */
  checksStates = false;

  constructor(private readonly rules: RuleBook) {}

  /** By id. */
  get competitions(): ReadonlyMap<number, ReplayedCompetition> {
    for (const [id, one] of this.#all) one.standing = this.#judged.get(id)?.standing;
    return this.#all;
  }

  /**
   * @returns where a record does not follow from those before it, in words; nothing is left out for that
   * @throws RULE_UNKNOWN, RULE_VERSION, STATE_UNREADABLE where the intake is checked by a rule that is not installed as recorded
   */
  add(record: StatedRecord): string[] {
    if (record.type === 'round') return this.#round(record.round);
    if (record.type === 'history') this.#history(record.history);
    else if (isIntake(record.claim) && record.claim.claim.competition !== null)
      this.#of(record.claim.claim.competition).intake.claim(record.claim);
    return [];
  }

  #round(round: RecordedRound): string[] {
    const { id, name } = round.entry.competition;
    const one = this.#of(id);
    one.name = name;
    if (!canGoBetter(round.entry, round.verdict)) one.settled = round;
    if (round.verdict.void !== null) return [];
    const before = this.#judged.get(id);
    const differences = this.checksStates
      ? [...standingDifferences(before, round), ...one.intake.differencesFrom(round.entry.entrantsBefore)]
      : [];
    one.counted = round;
    const standing = standingAfter(before?.standing, round);
    this.#judged = nextState(this.#judged, round.entry, { ...round.verdict, standing });
    addResults(one, round);
    one.intake.set(this.#judged.get(id)?.entrants);
    for (const [other, ended] of this.#all)
      if (!round.entry.schedule.some((scheduled) => scheduled.id === other))
        ended.intake = new ReplayedIntake(this.rules);
    return differences;
  }

  #history({ competition: { id, name }, standing, entrants, marks }: HistoryEntry): void {
    const one = this.#of(id);
    one.name = name;
    const known = { standing: standing ?? undefined, entrants: entrants ?? undefined };
    one.intake.set(known.entrants, marks);
    this.#judged = new Map(this.#judged).set(id, { ...known, pending: [], kept: [], history: new Map() });
  }

  #of(id: number): ReplayedCompetition {
    const one = this.#all.get(id) ?? {
      ...{ name: undefined, standing: undefined, counted: undefined, settled: undefined },
      results: new Map(),
      intake: new ReplayedIntake(this.rules),
    };
    this.#all.set(id, one);
    return one;
  }
}

/**
 * Where the standing that a round went on from is not the one that the records before it leave, in words. The first round of a
 * competition may go on from a standing that was taken over without a record.
 */
function standingDifferences(before: CompetitionState | undefined, { entry, isOld }: RecordedRound): string[] {
  if (isOld || !before) return [];
  const isSame = canonicalJson(asJson(before.standing ?? null)) === canonicalJson(asJson(entry.standingBefore));
  return isSame ? [] : ['the round before it leaves another standing'];
}

/** What a round left. One of the old format names only the hotkeys that it judged: the others' are those before it. */
function standingAfter(before: Standing | undefined, { verdict: { standing }, isOld }: RecordedRound): Standing | null {
  return standing && isOld ? withKnownOwners(standing, before) : (standing ?? before ?? null);
}

function addResults({ results }: ReplayedCompetition, { entry, verdict }: RecordedRound): void {
  for (const { uid, hotkey, commitment, block, outcome } of entry.contenders) {
    if (outcome.status === 'failed' && outcome.error.fault !== 'miner') continue;
    const result = {
      block: entry.block,
      score: verdict.contenders.find((one) => one.uid === uid)?.score ?? null,
      winnerBlock: verdict.winner?.block ?? null,
      winnerScore: verdict.winner?.score ?? null,
    };
    results.set(hotkey, [...(results.get(hotkey) ?? []), { commitment, committedAt: block, result }]);
  }
}
