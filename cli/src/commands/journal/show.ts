import { Args } from '@oclif/core';
import type { RoundRow } from '@assay/core/contracts/reporter';
import { refusalOf, roundEntry, type Judgement, type RoundEntry } from '@assay/core/runtime/round/entry';
import { commonFlags } from '../../base-command.js';
import { JournalCommand } from '../../journal-command.js';
import { paletteFor } from '../../report/palette.js';
import { roundTable } from '../../report/round-table.js';
import { isTerminal } from '../../report/terminal.js';

export default class JournalShow extends JournalCommand {
  static override readonly description = 'One recorded round: the table that the run showed, samples, and weights.';
  static override readonly args = {
    number: Args.integer({ description: 'Number of the round.', required: true, min: 1 }),
  };
  static override readonly flags = commonFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalShow);
    const record = await this.recordOf(await this.openJournal(flags), args.number);
    this.answer(flags.json, record, () => {
      const entry = roundEntry.parse(record.entry);
      const verdict = entry.verdict as Judgement['verdict'];
      return [
        `Round ${record.number}, ${entry.competition.name}, block ${entry.block}, ${entry.recordedAt}`,
        `hash ${record.hash}`,
        ...entry.samples.map(
          ({ task, dataset, batches, digest }) =>
            `samples of ${task}: ${batches} batches of ${dataset}, sha256 ${digest}`,
        ),
        ...(verdict.void ? [`void: ${verdict.void.code}: ${verdict.void.message}`] : []),
        roundTable({ rows: rowsOf(entry, verdict) }, paletteFor(isTerminal(process.stdout))),
      ].join('\n');
    });
  }
}

function rowsOf(entry: RoundEntry, verdict: Judgement['verdict']): RoundRow[] {
  return entry.contenders.flatMap((contender) => {
    const one = verdict.contenders.find(({ uid }) => uid === contender.uid);
    if (!one) return [];
    const { reference, outcome, sameAs, hotkey } = contender;
    return [
      {
        ...one,
        hotkey,
        repo: `${reference.namespace}/${reference.name}`,
        sameAs,
        error: refusalOf(outcome, entry.competition.tasks),
      },
    ];
  });
}
