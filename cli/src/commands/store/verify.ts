import { Flags } from '@oclif/core';
import type { ModelReference } from '@assay/core/contracts/model';
import { commonFlags } from '../../base-command.js';
import { modelText, storeCommandErrors, StoreCommand } from '../../store-command.js';

export default class StoreVerify extends StoreCommand {
  static override readonly description = `Hash every stored file and compare it with what was verified when it was fetched.

Exit code 1 when a file is damaged. The validator does the same before it scores a model.`;
  static override readonly flags = {
    config: commonFlags.config,
    json: commonFlags.json,
    remove: Flags.boolean({ description: 'Drop damaged models; those that are in use stay. They are fetched again.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreVerify);
    const folder = await this.openStore(flags);
    const [{ verifyModels }, { LiveLine }, { fetchedText }] = await Promise.all([
      import('@assay/core/model/store/inventory'),
      import('../../report/live-line.js'),
      import('../../report/quantities.js'),
    ]);
    const live = LiveLine.on(process.stderr);
    const tell = (done: number, total: number): void => live?.show(`hashing ${fetchedText({ done, total })}`);
    const damaged = await verifyModels(folder, tell, new AbortController().signal);
    live?.clear();
    const models = [...new Map(damaged.map((file) => [modelText(file.reference), file.reference])).values()];
    const removed: ModelReference[] = [];
    for (const reference of flags.remove ? models : [])
      if (await folder.removeDamaged(reference)) removed.push(reference);
    this.answer(flags.json, { directory: folder.directory, damaged, removed }, () =>
      [
        ...damaged.map(({ reference, path, reason }) => `${modelText(reference)} ${path}: ${reason}`),
        ...removed.map((reference) => `removed ${modelText(reference)}`),
        ...(damaged.length === 0 ? ['Every stored file is as it was verified.'] : []),
      ].join('\n'),
    );
    if (damaged.length === 0) return;
    if (flags.remove || flags.json) process.exitCode = 1;
    else throw storeCommandErrors.STORE_DAMAGED({ files: damaged.length, models: models.length });
  }
}
