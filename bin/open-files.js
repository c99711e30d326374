import { readFileSync } from 'node:fs';

/** A run was seen with 190 files open at once, most of them while its modules load; a limit of 160 starved it. */
const NEEDED = 256;

/** Why this process may open too few files, as a coded error's text; undefined where it may open enough, or nobody says. */
export function tooFewOpenFiles(limitsFile = '/proc/self/limits') {
  let limit;
  try {
    limit = /^Max open files\s+(\d+)/m.exec(readFileSync(limitsFile, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
  if (limit === undefined || Number(limit) >= NEEDED) return undefined;
  return {
    code: 'OPEN_FILES_LIMIT',
    message: `This process may have ${limit} files open at a time, and a validator needs ${NEEDED}.`,
    hint: `Raise the limit: ulimit -n ${NEEDED} in the shell, or LimitNOFILE=${NEEDED} in the unit of the service.`,
    fault: 'config',
    retry: 'never',
    payload: { limit: Number(limit), needed: NEEDED },
  };
}
