import { defineErrors } from '@assay/core/errors/define-errors';

export const competitionErrors = defineErrors({
  COMPETITION_NAME_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string }) => `${p.name} can't be the name of a competition.`,
    hint: () => 'Use lower-case letters, digits and dashes.',
  },
  COMPETITION_FOLDER_TAKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string }) => `There is something in ${p.folder} already.`,
    hint: () => 'Name another folder with --folder; nothing is overwritten.',
  },
  PACKAGE_UNPACKABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { package: string; reason: string }) => `npm can't pack ${p.package}: ${p.reason}`,
    hint: () =>
      'Run npm pack in the folder of the package and correct what npm reports. A package is installed from the tarball that it makes.',
  },
});
