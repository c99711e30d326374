import { Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { JournalCommand } from '../../journal-command.js';
import { plainTable } from '../../report/plain-table.js';
import { summaryOf } from '../../report/round-summary.js';

export default class JournalLs extends JournalCommand {
  static override readonly description = 'Recorded rounds, newest first.';
  static override readonly flags = {
    ...commonFlags,
    limit: Flags.integer({ description: 'How many.', default: 20, min: 1 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(JournalLs);
    const journal = await this.openJournal(flags);
    const records = await Promise.all(journal.records(flags.limit).map((record) => this.requireWhole(record)));
    const rounds = records.map((record) => summaryOf(record, journal));
    this.answer(flags.json, { rounds }, () =>
      plainTable(
        ['round', 'recorded', 'competition', 'block', 'contenders', 'winner', 'loss', 'hash'],
        rounds.map(({ number, recordedAt, competition, block, contenders, winner, voidCode, hash }) => [
          number,
          recordedAt,
          competition,
          block,
          contenders,
          winner ? `uid ${winner.uid}` : `void: ${voidCode ?? ''}`,
          winner ? winner.score.toFixed(6) : '',
          hash.slice(0, 12),
        ]),
      ),
    );
  }
}
