import { open, writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import type { JournalRecord, RoundJournal } from '@assay/core/contracts/round-journal';
import { commonFlags } from '../../base-command.js';
import { JournalCommand, journalCommandErrors, recordType, typeFlag } from '../../journal-command.js';

export default class JournalExport extends JournalCommand {
  static override readonly description = `One recorded round as canonical JSON that anybody can replay, or the whole journal.

It holds everything that the verdict rests on, the hash that chains it to the record before, and the validator's signature.
With --all, every record of every type is one line: validator state import takes it over in another validator.`;
  static override readonly args = {
    number: Args.integer({ description: 'Number of the round; left out with --all.', min: 1 }),
  };
  static override readonly flags = {
    ...commonFlags,
    type: typeFlag,
    all: Flags.boolean({ description: 'Every record, one a line, oldest first.', default: false }),
    output: Flags.string({ char: 'o', description: 'File to write; stdout when left out.' }),
    'without-attachments': Flags.boolean({
      description: 'Leave out losses and names of pages: a small file, with which a replay cannot check everything.',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(JournalExport);
    if ((args.number === undefined) !== flags.all) throw journalCommandErrors.EXPORT_UNNAMED({});
    const journal = await this.openJournal(flags);
    const attachments = flags['without-attachments'] ? 'left-out' : 'included';
    if (args.number === undefined) {
      await this.#all(journal, attachments, flags.output);
      return;
    }
    const record = await this.recordOf(journal, args.number, recordType(flags.type));
    const text = await this.#textOf(record, journal, attachments);
    if (flags.output === undefined) process.stdout.write(text);
    else await writeFile(flags.output, text);
  }

  /** One record in memory at a time. */
  async #all(journal: RoundJournal, attachments: 'included' | 'left-out', output: string | undefined): Promise<void> {
    const file = output === undefined ? undefined : await open(output, 'w');
    try {
      for (const record of journal.chain()) {
        const text = await this.#textOf(await this.requireWhole(record), journal, attachments);
        if (file) await file.write(text);
        else if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
    } finally {
      await file?.close();
    }
  }

  async #textOf(record: JournalRecord, journal: RoundJournal, attachments: 'included' | 'left-out'): Promise<string> {
    const { formatExport } = await import('@assay/core/journal/export');
    const { hotkeyOf } = await import('@assay/core/runtime/round/entry');
    return formatExport(record, hotkeyOf(record.entry), journal, attachments);
  }
}
