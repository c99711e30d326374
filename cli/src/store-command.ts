import { join } from 'node:path';
import type { ModelReference } from '@assay/core/contracts/model';
import type { StoreFolder } from '@assay/core/model/store/store-folder';
import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';
import { BaseCommand } from './base-command.js';

export const storeCommandErrors = defineErrors({
  STORE_ABSENT: {
    fault: 'config',
    retry: 'never',
    message: (p: { directory: string }) => `There is no store in ${p.directory}.`,
    hint: () => 'Name the config file of the validator with --config; the first model that is fetched makes the store.',
  },
  MODEL_NOT_IN_STORE: {
    fault: 'config',
    retry: 'never',
    message: (p: { model: string }) => `The store has no model ${printable(p.model, 200)}.`,
    hint: () => 'List what it has: validator store ls',
  },
  STORE_DAMAGED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { files: number; models: number }) => `${p.files} files of ${p.models} models are damaged.`,
    hint: () => 'Check the disk; validator store verify --remove drops these models, and they are fetched again.',
  },
});

/** Commands that look after the folder of models, also beside a running validator. No source is asked for anything. */
export abstract class StoreCommand extends BaseCommand {
  #folder: StoreFolder | undefined;

  protected async openStore(flags: Readonly<Record<string, unknown>>): Promise<StoreFolder> {
    const [{ keptAs }, { StoreFolder: Folder }, { systemClock }, { existsSync }] = await Promise.all([
      import('@assay/core/composition/container'),
      import('@assay/core/model/store/store-folder'),
      import('@assay/core/runtime/system-clock'),
      import('node:fs'),
    ]);
    const { config, resolvePath } = await this.plainConfig(flags);
    const options = keptAs(config.store, { dataDir: join(resolvePath(config.dataDir), 'store'), resolvePath });
    const { directory, maxBytes, minFreeBytes } = options;
    if (!existsSync(directory)) throw storeCommandErrors.STORE_ABSENT({ directory });
    this.#folder = await Folder.open({ directory, limits: { maxBytes, minFreeBytes } }, systemClock);
    return this.#folder;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#folder?.close();
    await super.finally(error);
  }
}

/** A model as commands name it: the repo at its revision, shortened where it is shown. */
export const modelText = ({ namespace, name, source, revision }: ModelReference): string => {
  const repo = namespace === '' ? name : `${namespace}/${name}`;
  return printable(`${source === undefined || source === 'hf' ? '' : `${source}:`}${repo}@${revision}`, 160);
};
