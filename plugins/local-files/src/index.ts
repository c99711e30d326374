import { join } from 'node:path';
import { z } from 'zod';
import type { DatasetProvider } from '@assay/core/contracts/dataset-provider';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { LocalTextDataset } from '@assay/core/datasets/local-text-dataset';
import { LocalStore } from './local-store.js';

const storeOptions = z.strictObject({
  repos: z.string().describe('Folder of repos: namespace/name/revision (40 hex digits)/files.'),
  dir: z.string().optional().describe('Folder in which verified models are kept; below the data folder when left out.'),
});

const textOptions = z.strictObject({
  path: z.string().describe('A .jsonl or .txt file, or a folder of them.'),
  textField: z.string().default('text').describe('Field of a .jsonl row that holds the text.'),
  pageRows: z.number().int().positive().default(50).describe('Rows of one page.'),
});

export default definePlugin({
  apiVersion: 1,
  name: 'local-files',
  provides: {
    store: {
      options: storeOptions,
      create: async (
        { repos, dir }: z.infer<typeof storeOptions>,
        { clock, dataDir, resolvePath }: PluginDeps,
      ): Promise<ModelStore> =>
        LocalStore.init(
          { repos: resolvePath(repos), dir: dir === undefined ? join(dataDir, 'models') : resolvePath(dir) },
          { clock },
        ),
    },
    datasets: {
      'local-text': {
        options: textOptions,
        create: async (options: z.infer<typeof textOptions>, { resolvePath }: PluginDeps): Promise<DatasetProvider> =>
          new LocalTextDataset({ ...options, path: resolvePath(options.path) }),
      },
    },
  },
});
