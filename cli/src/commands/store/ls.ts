import type { ListedModel } from '@assay/core/model/store/inventory';
import { commonFlags } from '../../base-command.js';
import { modelText, StoreCommand } from '../../store-command.js';

export default class StoreLs extends StoreCommand {
  static override readonly description = `List the models that are stored.

Size is of all files of a model, own of what no other model has: equal contents are on disk once. Held says why a model
stays when the store is cleaned or room is short: a validator waits to judge it (kept), a process works with it (in use), or
it is pinned.`;
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreLs);
    const folder = await this.openStore(flags);
    const [{ listModels }, { plainTable }, { bytesText, durationText }] = await Promise.all([
      import('@assay/core/model/store/inventory'),
      import('../../report/plain-table.js'),
      import('../../report/quantities.js'),
    ]);
    const models = await listModels(folder);
    const now = Date.now();
    const row = ({ reference, files, bytes, ownBytes, usedMs, held, whole }: ListedModel): string[] => [
      modelText(reference),
      String(files),
      bytesText(bytes),
      bytesText(ownBytes),
      `${durationText(Math.max(0, now - usedMs))} ago`,
      [...held, ...(whole ? [] : ['damaged'])].join(', '),
    ];
    this.answer(flags.json, { directory: folder.directory, models }, () =>
      models.length === 0
        ? `No model is stored in ${folder.directory}.`
        : plainTable(['model', 'files', 'size', 'own', 'used', 'held'], models.map(row)),
    );
  }
}
