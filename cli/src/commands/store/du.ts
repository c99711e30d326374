import { commonFlags } from '../../base-command.js';
import { StoreCommand } from '../../store-command.js';

export default class StoreDu extends StoreCommand {
  static override readonly description = `Say what the store takes of the disk, and how much may still come.`;
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { flags } = await this.parse(StoreDu);
    const folder = await this.openStore(flags);
    const [{ sizesOf }, { plainTable }, { bytesText }] = await Promise.all([
      import('@assay/core/model/store/inventory'),
      import('../../report/plain-table.js'),
      import('../../report/quantities.js'),
    ]);
    const sizes = await sizesOf(folder);
    this.answer(flags.json, { directory: folder.directory, ...sizes }, () =>
      plainTable(
        ['what', 'bytes'],
        [
          [`${sizes.models} models, each with files of its own`, bytesText(sizes.modelBytes)],
          ['the same on disk, equal contents once', bytesText(sizes.storedBytes)],
          ['contents that no model has', bytesText(sizes.looseBytes)],
          ['partial files', bytesText(sizes.partialBytes)],
          ['models that are being put together', bytesText(sizes.draftBytes)],
          ['room for more', bytesText(sizes.freeBytes)],
        ],
      ),
    );
  }
}
