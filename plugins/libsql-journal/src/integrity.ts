import type Database from 'libsql';
import { z } from 'zod';
import { bytes } from '@assay/lib-libsql';
import { libsqlJournalErrors } from './errors.js';

const problems = z.array(z.object({ problem: bytes }));

/** What is wrong with the content of single rows; anything else is wrong with the pages of the file. */
const OF_ROWS = /^(row not in PRIMARY KEY order|NULL value in|[A-Za-z-]+ value in) /;

/**
 * Checks the pages of the file. Rows of derived tables that are in the wrong order are left to `surveyRows`, which writes
 * them again.
 *
 * @throws JOURNAL_DAMAGED
 */
export function requireSound(database: Database.Database, file: string): void {
  const found = problems
    .parse(database.prepare('SELECT CAST(quick_check AS BLOB) AS problem FROM pragma_quick_check').all())
    .map(({ problem }) => problem.toString('latin1'))
    .filter((problem) => problem !== 'ok');
  const grave = found.find((problem) => !(OF_ROWS.test(problem) && problem.includes('derived')));
  if (grave !== undefined) throw libsqlJournalErrors.JOURNAL_DAMAGED({ file, reason: grave.slice(0, 200) });
}
