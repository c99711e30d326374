import { defineErrors } from '@assay/core/errors/define-errors';

export const competitionErrors = defineErrors({
  PACKAGE_UNPACKABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { package: string; reason: string }) => `npm can't pack ${p.package}: ${p.reason}`,
    hint: () =>
      'Run npm pack in the folder of the package and correct what npm reports. A package is installed from the tarball that it makes.',
  },
});
