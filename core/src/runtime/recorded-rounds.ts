import { z } from 'zod';
import type { JournalRecord, RoundJournal } from '../contracts/round-journal.js';
import { journalErrors } from '../journal/errors.js';
import { brokenPart, chainBroken, ChainCheck } from '../journal/verify-chain.js';
import { joinEntry, type Contents } from '../journal/stored-entry.js';
import { roundEntry, type RoundEntry } from './round/entry.js';
import type { Standing } from './tables.js';

/** The part of a recorded verdict that state follows from. */
const recordedVerdict = z.object({
  void: z.unknown().nullable(),
  average: z.array(z.number()),
  keep: z.array(z.number()),
  winner: z.object({ block: z.number(), score: z.number() }).nullable(),
  contenders: z.array(z.object({ uid: z.number(), score: z.number().nullable() })),
});

/** A recorded round whose hash is right. */
export interface RecordedRound {
  number: number;
  entry: RoundEntry;
  verdict: z.infer<typeof recordedVerdict>;
}

/** @throws JOURNAL_CHAIN_BROKEN when the record is not as it was written; undefined when it is no round */
export function recordedRound(record: JournalRecord, contents: Contents): RecordedRound | undefined {
  const broken = brokenPart(record, record.previousHash);
  if (broken) throw chainBroken(record, broken);
  return roundOf(record, contents);
}

/** State follows from the verdict: losses are not read. */
function roundOf(record: JournalRecord, contents: Contents): RecordedRound | undefined {
  const entry = roundEntry.safeParse(joinEntry(record.entry, contents, 'left-out').entry);
  const verdict = recordedVerdict.safeParse(entry.data?.verdict);
  return entry.success && verdict.success
    ? { number: record.number, entry: entry.data, verdict: verdict.data }
    : undefined;
}

/** Every recorded round, oldest first; every record of the chain is checked on the way. @throws JOURNAL_CHAIN_BROKEN */
export function* recordedRounds(journal: RoundJournal): Generator<RecordedRound> {
  const check = new ChainCheck();
  for (const record of journal.chain()) {
    const broken = check.next(record);
    if (broken) throw chainBroken(record, broken);
    const round = record.type === 'round' ? roundOf(record, journal) : undefined;
    if (round) yield round;
  }
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
  agrees(competition: number, { weights, hotkeys }: Standing): boolean {
    const round = this.#of(competition);
    if (!round) return true;
    const { average } = round.verdict;
    const owners = new Map(round.entry.contenders.map(({ uid, hotkey }) => [uid, hotkey]));
    const length = Math.max(weights.length, average.length);
    return Array.from({ length }, (_none, uid) => uid).every((uid) => {
      const [weight, hotkey] = [weights[uid] ?? 0, hotkeys[uid] ?? ''];
      // A uid that nobody has holds nothing, whatever its last owner had earned.
      if (weight === 0) return (average[uid] ?? 0) === 0 || hotkey === '';
      return weight === average[uid] && (owners.get(uid) ?? hotkey) === hotkey;
    });
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
