import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { libsqlJournalErrors } from './errors.js';

/** What SQLite threw over this file, as a coded error. */
export function journalError(error: unknown, file: string): AssayError {
  if (isAssayError(error)) return error;
  const { code, message } = sqliteFailure(error);
  if (code === undefined) return toAssayError(error);
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC')
    return libsqlJournalErrors.JOURNAL_DISK_FULL({ file }, error);
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return libsqlJournalErrors.JOURNAL_DAMAGED({ file, reason: message }, error);
  }
  return libsqlJournalErrors.JOURNAL_IO({ file, sqlite: code, reason: message }, error);
}

/** libsql reports a file that can't be opened as a plain error with the number of SQLite's code at its end. */
function sqliteFailure(error: unknown): { code: string | undefined; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return { code: error.code, message };
  return { code: message.startsWith('ConnectionFailed') ? 'SQLITE_CANTOPEN' : undefined, message };
}
