import { z } from 'zod';
import type { Json, JournalRecord, RoundJournal } from '../contracts/round-journal.js';
import { columnValues, ruleState } from '../contracts/rule.js';
import type { Standing } from '../contracts/standing-rule.js';
import { errorReport } from '../errors/error-report.js';
import type { ContenderVerdict } from '../judging/verdict.js';
import { canonicalJson } from '../journal/canonical-json.js';
import { journalErrors } from '../journal/errors.js';
import { joinEntry, type Contents } from '../journal/stored-entry.js';
import { brokenPart, chainBroken, ChainCheck } from '../journal/verify-chain.js';
import type { RoundEntry } from './round/entry-shape.js';
import { agreesWithOld } from './round/format-1.js';
import { isRound, readRound } from './round/read-round.js';
import { claimOf, type ClaimEntry } from './claim-record.js';
import { historyOf, type HistoryEntry } from './intake/history-record.js';
import { asJson } from './derived-rows.js';

const contenderVerdict = z.object({
  uid: z.number(),
  block: z.number(),
  score: z.number().nullable(),
  epsilon: z.number(),
  wins: z.number().nullable(),
  winRate: z.number().nullable(),
  share: z.number(),
  values: columnValues,
}) satisfies z.ZodType<ContenderVerdict>;

/** The part of a recorded verdict that state follows from. */
const recordedVerdict = z.object({
  void: errorReport.nullable(),
  standing: ruleState.nullable(),
  entrants: ruleState.nullable(),
  keep: z.array(z.number()),
  winner: z.object({ uid: z.number(), block: z.number(), score: z.number() }).nullable(),
  contenders: z.array(contenderVerdict),
  compared: z
    .array(z.object({ uid: z.number(), refused: z.string().nullable(), margin: z.number() }))
    .readonly()
    .optional(),
});

/** A recorded round whose hash is right. */
export interface RecordedRound {
  number: number;
  entry: RoundEntry;
  verdict: z.infer<typeof recordedVerdict>;
  /** Whether the record is of the format that does not name everybody whose weight it has. */
  isOld: boolean;
}

/** @throws JOURNAL_CHAIN_BROKEN when the record is not as it was written; undefined when it is no round */
export function recordedRound(record: JournalRecord, contents: Contents): RecordedRound | undefined {
  const broken = brokenPart(record, record.previousHash);
  if (broken) throw chainBroken(record, broken);
  return wholeRound(record, contents);
}

const wholeRound = (record: JournalRecord, contents: Contents): RecordedRound | undefined =>
  record.type === 'round' && isRound(record.entry)
    ? { number: record.number, ...roundOf(record.entry, contents) }
    : undefined;

/**
 * A recorded round of any format, without its losses: state follows from the verdict.
 * @throws JOURNAL_EXPORT_MALFORMED when it is none, JOURNAL_PART_MISSING
 */
export function roundOf(stored: Json, contents: Contents): Omit<RecordedRound, 'number'> {
  const { entry, old } = readRound(joinEntry(stored, contents, 'left-out').entry);
  return { entry, verdict: recordedVerdict.parse(entry.verdict), isOld: old !== undefined };
}

/** A record that state follows from. */
export type StatedRecord =
  | { type: 'round'; round: RecordedRound }
  | { type: 'claim'; claim: ClaimEntry }
  | { type: 'history'; history: HistoryEntry };

/**
 * Every record that state follows from, oldest first; every record of the chain is checked on the way.
 * @throws JOURNAL_CHAIN_BROKEN
 */
export function* statedRecords(journal: RoundJournal): Generator<StatedRecord> {
  const check = new ChainCheck();
  for (const record of journal.chain()) {
    const broken = check.next(record);
    if (broken) throw chainBroken(record, broken);
    const stated = statedRecord(record, journal);
    if (stated) yield stated;
  }
}

/** Undefined for a record that no state follows from. */
export function statedRecord(record: JournalRecord, contents: Contents): StatedRecord | undefined {
  if (record.type === 'history') return { type: 'history', history: historyOf(record, contents) };
  if (record.type === 'claim') {
    const claim = claimOf(record, contents);
    return claim && { type: 'claim', claim };
  }
  const round = wholeRound(record, contents);
  return round && { type: 'round', round };
}

const known = new WeakMap<RoundJournal, NewestRounds>();

/** The newest rounds of a journal, which are looked up once. */
export function newestRoundsOf(journal: RoundJournal): NewestRounds {
  const found = known.get(journal) ?? new NewestRounds(journal);
  known.set(journal, found);
  return found;
}

/** The newest round that counts of each competition, for comparing standings with. */
class NewestRounds {
  readonly #newest = new Map<number, RecordedRound>();
  /** Records that were looked at: all from the oldest to the newest of these. */
  #oldest = 1;
  #seen = 0;

  constructor(private readonly journal: RoundJournal) {}

  /** Whether a standing is what the newest round of its competition says. One without a round can't be compared. */
  agrees(competition: number, held: Standing): boolean {
    const round = this.#of(competition);
    if (!round?.verdict.standing) return true;
    if (round.isOld) return agreesWithOld(held, round.verdict.standing);
    return canonicalJson(asJson(held)) === canonicalJson(asJson(round.verdict.standing));
  }

  #of(competition: number): RecordedRound | undefined {
    const newest = this.journal.head()?.number ?? 0;
    if (this.#seen === 0) this.#oldest = newest + 1;
    for (let number = Math.max(this.#seen, this.#oldest - 1) + 1; number <= newest; number += 1)
      this.#take(number, true);
    this.#seen = newest;
    while (!this.#newest.has(competition) && this.#oldest > 1) {
      this.#oldest -= 1;
      this.#take(this.#oldest, false);
    }
    return this.#newest.get(competition);
  }

  #take(number: number, isNewer: boolean): void {
    const record = this.journal.record(number);
    if (!record) throw journalErrors.JOURNAL_CHAIN_BROKEN({ number, broken: 'number' });
    const round = recordedRound(record, this.journal);
    if (!round || round.verdict.void !== null) return;
    const { id } = round.entry.competition;
    if (isNewer || !this.#newest.has(id)) this.#newest.set(id, round);
  }
}
