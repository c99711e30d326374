import { defineErrors } from '@assay/core/errors/define-errors';

export const libsqlJournalErrors = defineErrors({
  DATA_FOLDER_LOCKED: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; pid: number | undefined }) =>
      `Another validator works on ${p.folder}${p.pid === undefined ? '' : ` (process ${p.pid})`}.`,
    hint: (p: { folder: string; pid: number | undefined }) =>
      `Stop ${p.pid === undefined ? 'it' : `process ${p.pid}`} first, or give this one a data folder other than ${p.folder} with --data-dir.`,
  },
  DATA_FOLDER_UNUSABLE: {
    fault: 'config',
    retry: 'never',
    message: (p: { folder: string; reason: string }) => `The data folder ${p.folder} can't be used: ${p.reason}`,
    hint: () => 'Name a folder that this user may write to: dataDir in the config file, or --data-dir.',
  },
  JOURNAL_MISSING: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string }) => `There is no journal at ${p.file}: nothing has been recorded there yet.`,
    hint: () => 'Pass the data folder of the validator with --data-dir, or start it once: validator run',
  },
  JOURNAL_FOREIGN: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string }) => `${p.file} is a database of something else, not a journal.`,
    hint: () => 'Name another file with journal.file in the config, or move this one away.',
  },
  JOURNAL_NEWER: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; version: number; known: number }) =>
      `The journal ${p.file} was written by a newer Assay: its schema is version ${p.version}, this program knows ${p.known}.`,
    hint: () => 'Update Assay, or use another data folder. The file was left as it is.',
  },
  JOURNAL_DAMAGED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `The journal ${p.file} is damaged: ${p.reason}`,
    hint: () => 'Restore the data folder from a backup, or move it away and start over with an empty one.',
  },
  JOURNAL_DISK_FULL: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { file: string }) =>
      `There is no room to write to the journal ${p.file}; nothing of the change was kept.`,
    hint: () =>
      'Free space on the disk of the data folder; store.maxBytes in the config limits the models that are kept.',
  },
  JOURNAL_IO: {
    fault: 'validator',
    retry: 'backoff',
    message: (p: { file: string; sqlite: string; reason: string }) =>
      `The journal ${p.file} can't be read or written (${p.sqlite}): ${p.reason}`,
    hint: () => 'Check the disk of the data folder, its permissions, and the system log.',
  },
  JOURNAL_READ_ONLY: {
    fault: 'validator',
    retry: 'never',
    message: (p: { file: string }) => `The journal ${p.file} is open for reading only.`,
    hint: () => 'Only validator run writes to it. A command that tried to is a defect: please report it.',
  },
  JOURNAL_CLOSED: {
    fault: 'validator',
    retry: 'never',
    message: (p: { file: string }) => `The journal ${p.file} is closed already.`,
    hint: () => 'Something outlived the end of the run; this is a defect, please report it.',
  },
});
