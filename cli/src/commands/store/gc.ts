import { Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { StoreCommand } from '../../store-command.js';

export default class StoreGc extends StoreCommand {
  static override readonly description = `Remove what belongs to no model: contents that none has, and partial files that no process works at.

A partial file is what an interrupted download goes on with: without it, the download begins again.`;
  static override readonly flags = {
    config: commonFlags.config,
    json: commonFlags.json,
    'older-than': Flags.integer({ description: 'Seconds for which it must not have changed.', default: 600, min: 0 }),
    'dry-run': Flags.boolean({ description: 'Say what would go, and remove nothing.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreGc);
    const folder = await this.openStore(flags);
    const [{ collectGarbage }, { bytesText }] = await Promise.all([
      import('@assay/core/model/store/inventory'),
      import('../../report/quantities.js'),
    ]);
    const dryRun = flags['dry-run'];
    const garbage = await collectGarbage(folder, { olderThanMs: flags['older-than'] * 1000, dryRun, now: Date.now() });
    const { contents, contentBytes, partials, partialBytes } = garbage;
    this.answer(
      flags.json,
      { directory: folder.directory, dryRun, ...garbage },
      () =>
        `${contents} contents (${bytesText(contentBytes)}) and ${partials} partial files (${bytesText(partialBytes)}) ${dryRun ? 'would go' : 'are gone'}.`,
    );
  }
}
