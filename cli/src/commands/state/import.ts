import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class StateImport extends BaseCommand {
  static override readonly description = `Take over what another validator knows, so that the weights go on.

A folder is vali-state of the reference validator. Its Python pickles are read as data and never executed. Standings, results, and the
lists of kept and waiting models are written into an empty data folder; the folder itself is left as it is.

A file is the journal of another Assay validator, as validator journal export --all writes it. Hashes, signatures, verdicts and intakes
of claims are checked as far as the installed rules go, and the newest states of the rules are put on record in an empty data folder.
Run it while this validator does not run.`;

  static override readonly examples = [
    '<%= config.bin %> state import ~/pretraining/model-store/vali-state --config validator.yaml --dry-run',
    '<%= config.bin %> state import ~/pretraining/model-store/vali-state --config validator.yaml',
    '<%= config.bin %> state import journal.jsonl --config validator.yaml --dry-run',
  ];

  static override readonly args = {
    source: Args.string({
      description:
        'Folder with model_tracker.pickle, competition_tracker.pickle, uids.pickle; or a file with exported records.',
      required: true,
    }),
  };

  static override readonly flags = {
    ...commonFlags,
    'dry-run': Flags.boolean({ default: false, description: 'Say what would be taken over, and write nothing.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateImport);
    // The flag is this command's own: the option dryRun of the config is about weights.
    const { 'dry-run': dryRun, ...others } = flags;
    const surroundings = await this.surroundings(await this.loadConfig(others), dryRun ? 'read' : 'validate');
    const { isJournalFile } = await import('../../state/journal-file.js');
    if (await isJournalFile(args.source)) {
      const { importJournal } = await import('../../state/import-journal.js');
      const { journalImportText } = await import('../../state/text.js');
      const report = await importJournal(surroundings, args.source, dryRun);
      this.answer(flags.json, report, () => journalImportText(report));
      return;
    }
    const [{ importReferenceState }, { importText }] = await Promise.all([
      import('../../state/import.js'),
      import('../../state/text.js'),
    ]);
    const report = await importReferenceState(surroundings, args.source, dryRun);
    this.answer(flags.json, report, () => importText(report));
  }
}
