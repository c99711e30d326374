import { Args } from '@oclif/core';
import { recordedRules } from '@assay/core/rules/chosen';
import { roundOf } from '@assay/core/runtime/recorded-rounds';
import { columnsOf, judgedRows } from '@assay/core/runtime/round/tell';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, recordType, typeFlag } from '../../journal-command.js';
import { paletteFor } from '../../report/palette.js';
import { roundTable } from '../../report/round-table.js';
import { isTerminal } from '../../report/terminal.js';

export default class JournalShow extends JournalCommand {
  static override readonly description =
    'One recorded round: the table that the run showed, samples, and weights. Or one claim or submission as JSON.';
  static override readonly args = {
    number: Args.integer({ description: 'Number of the round.', required: true, min: 1 }),
  };
  static override readonly flags = { ...commonFlags, type: typeFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalShow);
    const journal = await this.openJournal(flags);
    const type = recordType(flags.type);
    const record = await this.wholeRecord(await this.recordOf(journal, args.number, type), journal);
    const { rules } = (await this.loadConfig(flags)).registry;
    this.answer(flags.json, record, () => {
      if (type !== 'round') return JSON.stringify(record.entry, null, 2);
      const { entry, verdict } = roundOf(record.entry, journal);
      const columns = columnsOf(recordedRules(rules, entry.rules));
      return [
        `Round ${record.number}, ${entry.competition.name}, block ${entry.block}, ${entry.recordedAt}`,
        `hash ${record.hash}`,
        ...entry.samples.map(
          ({ task, dataset, batches, digest }) =>
            `samples of ${task}: ${batches} batches of ${dataset}, sha256 ${digest}`,
        ),
        ...(verdict.void ? [`void: ${verdict.void.code}: ${verdict.void.message}`] : []),
        roundTable(
          { columns, rows: judgedRows(entry, verdict, rules.kinds()) },
          paletteFor(isTerminal(process.stdout)),
        ),
      ].join('\n');
    });
  }
}
