import { defineErrors } from '@assay/core/errors/define-errors';
import { printable } from '@assay/core/errors/printable';

export const stateErrors = defineErrors({
  STATE_FOLDER_EMPTY: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; files: readonly string[] }) =>
      `There is none of ${p.files.join(', ')} in ${printable(p.folder, 500)}.`,
    hint: () =>
      'Name the folder vali-state in the --model_dir of the reference validator. A data folder of Assay is moved by copying it.',
  },
  STATE_FILE_UNREADABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `The file ${p.file} can't be read: ${p.reason}`,
    hint: () => 'Let this user read the file, or copy it to a folder of this user.',
  },
  STATE_FILE_UNEXPECTED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; at: string; reason: string }) =>
      `${p.file} does not hold what the reference validator writes there: at ${printable(p.at, 200)}, ${printable(p.reason, 300)}`,
    hint: () =>
      'Check that the file is of the reference validator of netuid 9 with several competitions (version 6.0), and that it was stopped when it was copied.',
  },
  JOURNAL_NOT_TAKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { netuid: number; block: number }) =>
      `Nothing in the exported journal is of a competition that is judged here on netuid ${p.netuid} at block ${p.block}.`,
    hint: () =>
      'Name the subnet of the journal: subnet in the config file; validator competitions lists what is judged.',
  },
  STATE_NOT_TAKEN: {
    fault: 'config',
    retry: 'never',
    message: (p: { netuid: number; block: number }) =>
      `Nothing in these files belongs to netuid ${p.netuid} at block ${p.block}: no competition that is judged here, no hotkey that is registered.`,
    hint: () => 'Name the subnet of the files: subnet in the config file; validator competitions lists what is judged.',
  },
});
