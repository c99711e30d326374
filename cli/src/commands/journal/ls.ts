import { Flags } from '@oclif/core';
import type { JournalRecord } from '@assay/core/contracts/round-journal';
import { printable } from '@assay/core/errors/printable';
import type { Contents } from '@assay/core/journal/stored-entry';
import { ownerText } from '@assay/core/contracts/standing-rule';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, recordType, typeFlag } from '../../journal-command.js';
import { plainTable } from '../../report/plain-table.js';
import { claimSummaryOf, historySummaryOf, submissionSummaryOf } from '../../report/record-summaries.js';
import { summaryOf } from '../../report/round-summary.js';

export default class JournalLs extends JournalCommand {
  static override readonly description = 'Recorded rounds, claims, submissions of weights or histories, newest first.';
  static override readonly flags = {
    ...commonFlags,
    type: typeFlag,
    limit: Flags.integer({ description: 'How many.', default: 20, min: 1 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(JournalLs);
    const journal = await this.openJournal(flags);
    const type = recordType(flags.type);
    const records = await Promise.all(journal.records(flags.limit, type).map((record) => this.requireWhole(record)));
    if (type === 'claim') this.#claims(flags.json, records, journal);
    else if (type === 'history') this.#histories(flags.json, records, journal);
    else if (type === 'submission') this.#submissions(flags.json, records, journal);
    else this.#rounds(flags.json, records, journal);
  }

  #rounds(json: boolean, records: readonly JournalRecord[], contents: Contents): void {
    const rounds = records.map((record) => summaryOf(record, contents));
    this.answer(json, { rounds }, () =>
      plainTable(
        ['round', 'recorded', 'competition', 'block', 'contenders', 'winner', 'loss', 'hash'],
        rounds.map(({ number, recordedAt, competition, block, contenders, winner, voidCode, hash }) => [
          number,
          recordedAt,
          competition,
          block,
          contenders,
          winner ? ownerText(winner.uid) : `void: ${voidCode ?? ''}`,
          winner ? winner.score.toFixed(6) : '',
          hash.slice(0, 12),
        ]),
      ),
    );
  }

  #claims(json: boolean, records: readonly JournalRecord[], contents: Contents): void {
    const claims = records.map((record) => claimSummaryOf(record, contents));
    this.answer(json, { claims }, () =>
      plainTable(
        ['claim', 'recorded', 'block', 'uid', 'commitment', 'outcome', 'hash'],
        claims.map(({ number, recordedAt, block, uid, commitment, outcome, hash }) => [
          number,
          recordedAt,
          block,
          uid,
          printable(commitment, 60),
          outcome,
          hash.slice(0, 12),
        ]),
      ),
    );
  }

  #histories(json: boolean, records: readonly JournalRecord[], contents: Contents): void {
    const histories = records.map((record) => historySummaryOf(record, contents));
    this.answer(json, { histories }, () =>
      plainTable(
        ['history', 'recorded', 'block', 'competition', 'source', 'marks', 'hash'],
        histories.map(({ number, recordedAt, block, competition, source, marks, hash }) => [
          ...[number, recordedAt, block, competition, source, marks, hash.slice(0, 12)],
        ]),
      ),
    );
  }

  #submissions(json: boolean, records: readonly JournalRecord[], contents: Contents): void {
    const submissions = records.map((record) => submissionSummaryOf(record, contents));
    this.answer(json, { submissions }, () =>
      plainTable(
        ['submission', 'recorded', 'block', 'uids', 'outcome', 'hash'],
        submissions.map(({ number, recordedAt, block, uids, outcome, hash }) => [
          number,
          recordedAt,
          block,
          uids,
          outcome,
          hash.slice(0, 12),
        ]),
      ),
    );
  }
}
