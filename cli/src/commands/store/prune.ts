import { Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { modelText, StoreCommand } from '../../store-command.js';

export default class StorePrune extends StoreCommand {
  static override readonly description = `Drop models that nothing holds: no validator waits to judge them, no process works with them, they are not pinned.

The validator does this by itself. Their contents go with them, unless another model has the same.`;
  static override readonly flags = {
    config: commonFlags.config,
    json: commonFlags.json,
    'unused-for': Flags.integer({
      description: 'Seconds for which a model must not have been used.',
      default: 600,
      min: 0,
    }),
    'dry-run': Flags.boolean({ description: 'Say what would go, and drop nothing.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(StorePrune);
    const folder = await this.openStore(flags);
    const [{ bytesText }, { wouldPrune }] = await Promise.all([
      import('../../report/quantities.js'),
      import('@assay/core/model/store/inventory'),
    ]);
    const graceMs = flags['unused-for'] * 1000;
    const { removed, freedBytes } = flags['dry-run']
      ? await wouldPrune(folder, graceMs)
      : await folder.prune(graceMs, new AbortController().signal);
    const dryRun = flags['dry-run'];
    this.answer(flags.json, { directory: folder.directory, dryRun, removed, freedBytes }, () =>
      [
        ...removed.map(modelText),
        `${removed.length} models ${dryRun ? 'would go' : 'are gone'}, ${bytesText(freedBytes)} ${dryRun ? 'would be' : 'are'} free.`,
      ].join('\n'),
    );
  }
}
