import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, recordType, typeFlag } from '../../journal-command.js';

export default class JournalExport extends JournalCommand {
  static override readonly description = `One recorded round as canonical JSON that anybody can replay.

It holds everything that the verdict rests on, the hash that chains it to the record before, and the validator's signature.`;
  static override readonly args = {
    number: Args.integer({ description: 'Number of the round.', required: true, min: 1 }),
  };
  static override readonly flags = {
    ...commonFlags,
    type: typeFlag,
    output: Flags.string({ char: 'o', description: 'File to write; stdout when left out.' }),
    'without-attachments': Flags.boolean({
      description: 'Leave out losses and names of pages: a small file, with which a replay cannot check everything.',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalExport);
    const journal = await this.openJournal(flags);
    const record = await this.recordOf(journal, args.number, recordType(flags.type));
    const { formatExport } = await import('@assay/core/journal/export');
    const { hotkeyOf } = await import('@assay/core/runtime/round/entry');
    const attachments = flags['without-attachments'] ? 'left-out' : 'included';
    const text = formatExport(record, hotkeyOf(record.entry), journal, attachments);
    if (flags.output === undefined) process.stdout.write(text);
    else await writeFile(flags.output, text);
  }
}
