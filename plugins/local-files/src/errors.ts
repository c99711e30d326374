import { defineErrors } from '@assay/core/errors/define-errors';

export const localFilesErrors = defineErrors({
  REPOS_UNREADABLE: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { repos: string; reason: string }) => `The folder of repos ${p.repos} can't be read: ${p.reason}`,
    hint: () => 'Name a readable folder of NAMESPACE/NAME/REVISION in store.repos.',
  },
  REPOS_UNWRITABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { repos: string; reason: string }) => `Nothing can be published in ${p.repos}: ${p.reason}`,
    hint: () =>
      'Name a folder that you may write to in publisher.repos: that of store.repos of the validators that read it.',
  },
  TEXT_FILE_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { path: string; reason: string }) => `The texts in ${p.path} can't be read: ${p.reason}`,
    hint: () => 'Name a .jsonl or .txt file, or a folder of them, in the options of the dataset.',
  },
  TEXT_ROW_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; line: number; field: string }) =>
      `Line ${p.line} of ${p.file} is no JSON object with a text in "${p.field}".`,
    hint: () => 'Correct the line, or name the field with textField.',
  },
});
