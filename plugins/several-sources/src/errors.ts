import { defineErrors } from '@assay/core/errors/define-errors';

export const severalSourcesErrors = defineErrors({
  SOURCES_OVERLAP: {
    fault: 'config',
    retry: 'never',
    message: (p: { source: string; first: string; second: string }) =>
      `Two stores have models from ${p.source}: ${p.first}, and ${p.second}.`,
    hint: () => 'Leave one of them out of store.of: a reference names its kind of source, and not the store.',
  },
});
