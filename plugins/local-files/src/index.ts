import { z } from 'zod';
import type { DatasetProvider } from '@assay/core/contracts/dataset-provider';
import type { ModelPublisher } from '@assay/core/contracts/model-publisher';
import type { ModelSource } from '@assay/core/contracts/model-store';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { LocalTextDataset } from './local-text-dataset.js';
import { RepoFolderPublisher } from './publisher.js';
import { RepoFolder } from './repo-folder.js';

const storeOptions = z.strictObject({
  repos: z
    .string()
    .describe('Folder of repos: namespace/name/revision (40 hex digits)/files, or oci/repository/sha256:digest/files.'),
});

const publisherOptions = z.strictObject({
  repos: z.string().describe('Folder of repos that models are published in, as store.repos.'),
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
      check: ({ repos }: z.infer<typeof storeOptions>, { resolvePath }: PluginDeps) =>
        new RepoFolder(resolvePath(repos)).requireFolder(),
      questions: [{ key: 'repos', question: 'In which folder are the repos of the miners?', kind: 'path' }],
      create: ({ repos }: z.infer<typeof storeOptions>, { resolvePath }: PluginDeps): Promise<ModelSource> =>
        Promise.resolve(new RepoFolder(resolvePath(repos))),
    },
    publisher: {
      options: publisherOptions,
      create: ({ repos }: z.infer<typeof publisherOptions>, { resolvePath }: PluginDeps): Promise<ModelPublisher> =>
        Promise.resolve(new RepoFolderPublisher(resolvePath(repos))),
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
