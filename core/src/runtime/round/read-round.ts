import { z } from 'zod';
import { issuesOf } from '../../config/resolve.js';
import type { Json } from '../../contracts/round-journal.js';
import { journalErrors } from '../../journal/errors.js';
import { roundEntry, type RoundEntry } from './entry-shape.js';
import { format1, fromFormat1, isFormat1, type Format1 } from './format-1.js';

export interface ReadRound {
  entry: RoundEntry;
  /** Present when the round was recorded in the format of 0.1, which names no hotkeys beside its weights. */
  old?: Format1;
}

/** Whether a record is a round at all, of whatever format. */
export const isRound = (value: Json): boolean =>
  z.looseObject({ format: z.number(), contenders: z.array(z.unknown()) }).safeParse(value).success;

/** A recorded round of any format. @throws JOURNAL_EXPORT_MALFORMED when it is none */
export function readRound(value: Json): ReadRound {
  const parsed = isFormat1(value) ? format1.safeParse(value) : roundEntry.safeParse(value);
  if (!parsed.success) throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues: issuesOf(parsed.error).slice(0, 5) });
  return parsed.data.format === 1 ? { entry: fromFormat1(parsed.data), old: parsed.data } : { entry: parsed.data };
}
