import { defineErrors } from '@assay/core/errors/define-errors';

export const localFilesErrors = defineErrors({
  REPOS_UNREADABLE: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { repos: string; reason: string }) => `The folder of repos ${p.repos} can't be read: ${p.reason}`,
    hint: () => 'Name a readable folder of NAMESPACE/NAME/REVISION in store.repos.',
  },
});
