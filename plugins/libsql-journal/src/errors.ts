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
  JOURNAL_ROW_DAMAGED: {
    fault: 'validator',
    retry: 'next-round',
    message: (p: { file: string; table: string }) =>
      `The journal ${p.file} holds a row of the table ${p.table} that is not as it was written.`,
    hint: () =>
      'Start the validator again: it derives the row from the recorded rounds. Check the disk and the memory.',
  },
  JOURNAL_LOST: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; rounds: number }) =>
      `The journal ${p.file} is missing or empty, and ${p.rounds} records were written in this data folder.`,
    hint: () =>
      'Restore journal.db from a backup. To begin without the old standing, which means other weights, delete lock.json in the data folder.',
  },
  JOURNAL_BEHIND: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; rounds: number; recorded: number }) =>
      `The journal ${p.file} ends with record ${p.rounds}, and record ${p.recorded} was written in this data folder.`,
    hint: () =>
      'Put journal.db-wal back beside it if there is one, or restore a newer backup. To go on from this older state, delete lock.json in the data folder.',
  },
  LOCK_DAMAGED: {
    fault: 'config',
    retry: 'never',
    message: (p: { file: string; reason: string }) => `The lock file ${p.file} is damaged: ${p.reason}`,
    hint: (p: { file: string }) => `Delete ${p.file}: it holds no data, and the next start makes it again.`,
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
