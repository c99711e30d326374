import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { JournalCommand } from '../../journal-command.js';

export default class JournalExport extends JournalCommand {
  static override readonly description = `One recorded round as canonical JSON that anybody can replay.

It holds everything that the verdict rests on, the hash that chains it to the round before, and the validator's signature.`;
  static override readonly args = {
    number: Args.integer({ description: 'Number of the round.', required: true, min: 1 }),
  };
  static override readonly flags = {
    ...commonFlags,
    output: Flags.string({ char: 'o', description: 'File to write; stdout when left out.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalExport);
    const record = await this.recordOf(await this.openJournal(flags), args.number);
    const { formatExport } = await import('@assay/core/journal/export');
    const { hotkeyOf } = await import('@assay/core/runtime/round/entry');
    const text = formatExport(record, hotkeyOf(record.entry));
    if (flags.output === undefined) process.stdout.write(text);
    else await writeFile(flags.output, text);
  }
}
