import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { messageOf } from '@assay/core/errors/describe';
import { stateErrors } from './errors.js';

/** Whether a path is a plain file: exported records are one, the state of the reference is a folder. */
export async function isJournalFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // What is not there is reported by who reads the folder.
    return false;
  }
}

/** The lines of a file, one in memory at a time. @throws STATE_FILE_UNREADABLE */
export async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
      if (line.trim() !== '') yield line;
  } catch (error) {
    throw stateErrors.STATE_FILE_UNREADABLE({ file, reason: messageOf(error) }, error);
  }
}
