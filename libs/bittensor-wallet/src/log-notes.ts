import type { Log } from '@assay/core/contracts/logger';
import type { Note } from './read-keyfile.js';

export function logNotes(log: Log, notes: readonly Note[]): void {
  for (const { message, context } of notes) log('warn', message, context);
}
