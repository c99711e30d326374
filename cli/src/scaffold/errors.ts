import { defineErrors } from '@assay/core/errors/define-errors';

export const scaffoldErrors = defineErrors({
  PACKAGE_NAME_INVALID: {
    fault: 'config',
    retry: 'never',
    message: (p: { what: string; name: string }) => `${p.name} can't be the name of a ${p.what}.`,
    hint: () => 'Use at most 60 lower-case letters, digits and dashes, and begin with a letter or digit.',
  },
  PACKAGE_NAME_TAKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { name: string; by: string }) => `The name ${p.name} is taken by an installed ${p.by}.`,
    hint: () => 'Choose another name: two packages of one name would not load together.',
  },
  PACKAGE_FOLDER_TAKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string }) => `There is something in ${p.folder} already.`,
    hint: () => 'Name another folder with --folder; nothing is overwritten.',
  },
  PACKAGE_FOLDER_UNWRITABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; reason: string }) => `The package can't be written to ${p.folder}: ${p.reason}`,
    hint: () => 'Name a folder that you may write to with --folder, on a disk with 10 MB free.',
  },
});
