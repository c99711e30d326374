import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class StateImport extends BaseCommand {
  static override readonly description = `Take over the state of the reference validator, so that the weights go on.

FOLDER is its folder vali-state. Its Python pickles are read as data and never executed. Standings, results, and the lists of kept and
waiting models are written into an empty data folder; the folder itself is left as it is. Run it while neither validator runs.`;

  static override readonly examples = [
    '<%= config.bin %> state import ~/pretraining/model-store/vali-state --config validator.yaml --dry-run',
    '<%= config.bin %> state import ~/pretraining/model-store/vali-state --config validator.yaml',
  ];

  static override readonly args = {
    folder: Args.string({
      description: 'Folder with model_tracker.pickle, competition_tracker.pickle, uids.pickle.',
      required: true,
    }),
  };

  static override readonly flags = {
    ...commonFlags,
    'dry-run': Flags.boolean({ default: false, description: 'Say what would be taken over, and write nothing.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateImport);
    const [{ importReferenceState }, { importText }] = await Promise.all([
      import('../../state/import.js'),
      import('../../state/text.js'),
    ]);
    // The flag is this command's own: the option dryRun of the config is about weights.
    const { 'dry-run': dryRun, ...others } = flags;
    const surroundings = await this.surroundings(await this.loadConfig(others), dryRun ? 'read' : 'validate');
    const report = await importReferenceState(surroundings, args.folder, dryRun);
    this.answer(flags.json, report, () => importText(report));
  }
}
