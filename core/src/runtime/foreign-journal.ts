import { isDeepStrictEqual } from 'node:util';
import type { RuleState } from '../contracts/rule.js';
import type { JournalRecord } from '../contracts/round-journal.js';
import type { Standing } from '../contracts/standing-rule.js';
import { isAssayError } from '../errors/assay-error.js';
import {
  checkExportSignature,
  contentsOf,
  parseExport,
  type ExportDocument,
  type VerifySignature,
} from '../journal/export.js';
import { FIRST_PREVIOUS_HASH } from '../journal/hash.js';
import type { RecordCounts } from '../journal/verify-chain.js';
import { NO_MARKS, withMarks } from '../judging/mark-count.js';
import { readState } from '../judging/rule-state.js';
import type { RuleBook } from '../rules/rule-book.js';
import { runtimeErrors } from './errors.js';
import { statedRecord } from './recorded-rounds.js';
import { ReplayedJournal, type ReplayedCompetition } from './replayed-journal.js';
import { hotkeyOf, netuidOf } from './round/entry.js';
import { replayRound } from './round/replay.js';

/** What the exported journal of another validator says of a competition. */
export interface ForeignCompetition {
  id: number;
  name: string;
  standing: Standing | null;
  entrants: RuleState | null;
  /** Of its entrants rule, in their order. */
  marks: readonly string[];
}

export interface ForeignJournal {
  /** Of the validators that have signed; one, unless it has changed its hotkey. */
  hotkeys: string[];
  records: number;
  rounds: number;
  claims: number;
  /** Hash of the newest record. */
  head: string;
  competitions: ForeignCompetition[];
  /** What could not be checked, in words. */
  unchecked: string[];
}

/** Notes of one kind that are listed one by one. */
const LISTED = 5;

/**
 * Reads and checks the exported records of another validator, oldest first: hashes, the chain, signatures, the verdict of every
 * round, and the intake of every claim. Losses are those that it has computed; nothing here computes them again.
 */
export class ForeignRecords {
  readonly #counts: RecordCounts = { round: 0, claim: 0, submission: 0, history: 0 };
  /** Of the newest record. */
  #position = 0;
  #head = FIRST_PREVIOUS_HASH;
  /** Positions that are missing. */
  readonly #gaps: string[] = [];
  readonly #replayed: ReplayedJournal;
  readonly #hotkeys = new Set<string>();
  readonly #notes = new Map<string, string[]>();

  constructor(
    private readonly options: { netuid: number },
    private readonly deps: { rules: RuleBook; verify: VerifySignature },
  ) {
    this.#replayed = new ReplayedJournal(deps.rules);
    this.#replayed.checksStates = true;
  }

  /**
   * @param line an exported record
   * @throws JOURNAL_EXPORT_* for a record that is not whole or not its signer's; FOREIGN_JOURNAL for one of another subnet, one that does not
   *   follow the one before, and a round that does not replay
   */
  async add(line: string): Promise<void> {
    const document = parseExport(line);
    const record = recordOf(document, this.#counts.round);
    const netuid = netuidOf(record.entry);
    if (netuid !== undefined && netuid !== this.options.netuid)
      throw runtimeErrors.FOREIGN_JOURNAL({ position: record.position, reason: `it is of netuid ${netuid}` });
    this.#follow(record);
    const signed = await checkExportSignature(document, this.deps.verify);
    if (signed === 'unsigned') this.#note('without a signature', record);
    const hotkey = hotkeyOf(record.entry);
    if (hotkey !== undefined) this.#hotkeys.add(hotkey);
    this.#replay(record, document);
  }

  /** @throws FOREIGN_JOURNAL_INCOMPLETE when records of claims are missing; RULE_UNKNOWN, STATE_UNREADABLE */
  result(): ForeignJournal {
    const competitions = [...this.#replayed.competitions].map(([id, one]) => this.#competition(id, one));
    return {
      hotkeys: [...this.#hotkeys],
      records: Object.values(this.#counts).reduce((sum, count) => sum + count, 0),
      ...{ rounds: this.#counts.round, claims: this.#counts.claim, head: this.#head },
      competitions,
      unchecked: [
        'The losses are those that the other validator has computed.',
        ...(this.#gaps.length > 0 ? [`Records are missing at ${this.#gaps.join(', ')} of the chain.`] : []),
        ...[...this.#notes].map(([what, which]) => noteText(what, which)),
      ],
    };
  }

  /** Records may be missing, which is noted; those that are there follow each other. */
  #follow({ type, position, previousHash, hash }: JournalRecord): void {
    if (position <= this.#position)
      throw runtimeErrors.FOREIGN_JOURNAL({ position, reason: `it stands after record ${this.#position}` });
    if (position === this.#position + 1 && previousHash !== this.#head)
      throw runtimeErrors.FOREIGN_JOURNAL({ position, reason: 'it does not follow the record before it' });
    if (position > this.#position + 1) {
      this.#gaps.push(`${this.#position + 1} to ${position - 1}`);
      this.#replayed.checksStates = false;
    }
    this.#position = position;
    this.#head = hash;
    this.#counts[type] += 1;
  }

  #replay(record: JournalRecord, document: ExportDocument): void {
    const contents = contentsOf(document);
    this.#checking('whose rules are not installed here', record, () => {
      if (record.type !== 'round') return;
      const { agrees, missing } = replayRound(record.entry, contents, this.deps.rules);
      if (agrees === false)
        throw runtimeErrors.FOREIGN_JOURNAL({
          position: record.position,
          reason: 'its verdict does not follow from it',
        });
      if (missing.length > 0) this.#note('without their losses', record);
    });
    const stated = statedRecord(record, contents);
    if (!stated) return;
    const differences = this.#checking('whose claims can not be taken in again', record, () =>
      this.#replayed.add(stated),
    );
    for (const difference of differences ?? [])
      throw runtimeErrors.FOREIGN_JOURNAL({ position: record.position, reason: difference });
  }

  /** A check that may lack its rule. */
  #checking<T>(what: string, record: JournalRecord, check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!isAssayError(error) || !['RULE_UNKNOWN', 'RULE_VERSION', 'RULE_PARAMETERS'].includes(error.code))
        throw error;
      this.#note(what, record);
      return undefined;
    }
  }

  #note(what: string, { type, number }: JournalRecord): void {
    this.#notes.set(what, [...(this.#notes.get(what) ?? []), `${type} ${number}`]);
  }

  #competition(id: number, { name, standing, intake }: ReplayedCompetition): ForeignCompetition {
    const { state, marks } = intake;
    if (state) this.#requireAllMarks(name ?? String(id), state, marks);
    // A standing that its rule can't read would stop every round and all weights here.
    if (standing) readState(this.deps.rules.installed('standingRules', standing.by).rule, standing);
    return { id, name: name ?? `competition ${id}`, standing: standing ?? null, entrants: state ?? null, marks };
  }

  /** A hotkey of which nothing is known would have a second evaluation. */
  #requireAllMarks(competition: string, state: RuleState, marks: readonly string[]): void {
    const { rule } = this.deps.rules.installed('entrantsRules', state.by);
    const own: unknown = readState(rule, state);
    const counted = rule.intake?.marked(own);
    if (counted && !isDeepStrictEqual(counted, withMarks(NO_MARKS, marks)))
      throw runtimeErrors.FOREIGN_JOURNAL_INCOMPLETE({ competition, known: marks.length, all: counted.count });
  }
}

const noteText = (what: string, which: readonly string[]): string =>
  `Records ${what}: ${which.slice(0, LISTED).join(', ')}${which.length > LISTED ? ` and ${which.length - LISTED} more` : ''}.`;

/** An exported record in the form of a journal. A version 1 export comes from a journal that held only rounds. */
function recordOf(document: ExportDocument, rounds: number): JournalRecord {
  const { number, previousHash, hash, entry } = document;
  const place = document.version === 2 ? document : { type: 'round' as const, position: rounds + 1 };
  return { type: place.type, number, position: place.position, previousHash, hash, entry };
}
