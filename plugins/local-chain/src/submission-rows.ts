import { asUid } from '@assay/core/contracts/brands';
import type { AssayError } from '@assay/core/errors/assay-error';
import { columns, text } from '@assay/lib-libsql';
import type { WeightsCall } from '@assay/lib-subtensor-rules';
import type Database from 'libsql';
import { z } from 'zod';
import { schemaOf } from './schema.js';
import { jsonOf } from './state.js';

const content = z.object({
  uids: z.array(z.number().transform(asUid)),
  weights: z.array(z.number()),
  versionKey: z.string().transform(BigInt),
});

const row = z.object({
  id: text,
  hotkey: text,
  /** By which of the chain's calls: `set_weights`, or the timelocked commit. */
  call: text.pipe(z.enum(['set', 'commit'])),
  content: jsonOf(content),
  /** `sent`: no block holds it yet. */
  state: text.pipe(z.enum(['sent', 'refused', 'set', 'committed', 'revealed', 'unrevealed'])),
  /** Block that holds it; as long as it is only sent, the block that will. */
  block: z.number(),
  /** Number of the epoch in which it was committed. */
  epoch: z.number().nullable(),
  /** JSON of the refusal. */
  error: text.nullable(),
  /** Block of the reveal. */
  revealed_at: z.number().nullable(),
  /** Why there is none. */
  reason: text.nullable(),
});
export type SubmissionRow = z.infer<typeof row>;

const SELECT = `SELECT ${columns({
  text: ['id', 'hotkey', 'call', 'content', 'state', 'error', 'reason'],
  other: ['block', 'epoch', 'revealed_at'],
})} FROM submissions`;

/** Undefined where nothing was sent with this id. */
export function readSubmission(database: Database.Database, id: string): SubmissionRow | undefined {
  if (schemaOf(database) < 3) return undefined;
  return row.optional().parse(database.prepare(`${SELECT} WHERE id = ?`).get(id));
}

/** In the order in which they were sent. */
export const readSubmissions = (database: Database.Database, state: SubmissionRow['state']): SubmissionRow[] =>
  z.array(row).parse(database.prepare(`${SELECT} WHERE state = ? ORDER BY number`).all(state));

/** @param block the one that is to hold it */
export function insertSubmission(
  database: Database.Database,
  { id, hotkey, call }: Pick<SubmissionRow, 'id' | 'hotkey' | 'call'>,
  { uids, weights, versionKey }: WeightsCall,
  block: number,
): void {
  database
    .prepare(`INSERT INTO submissions (id, hotkey, call, content, state, block) VALUES (?, ?, ?, ?, 'sent', ?)`)
    .run(id, hotkey, call, JSON.stringify({ uids, weights, versionKey: String(versionKey) }), block);
}

export function markHeld(database: Database.Database, id: string, held: 'set' | { committedIn: number }): void {
  const [state, epoch] = held === 'set' ? ['set', null] : ['committed', held.committedIn];
  database.prepare('UPDATE submissions SET state = ?, epoch = ? WHERE id = ?').run(state, epoch, id);
}

export function markRefused(database: Database.Database, id: string, error: AssayError): void {
  database
    .prepare(`UPDATE submissions SET state = 'refused', error = ? WHERE id = ?`)
    .run(JSON.stringify(error.toReport()), id);
}

export function markRevealed(database: Database.Database, id: string, block: number): void {
  database.prepare(`UPDATE submissions SET state = 'revealed', revealed_at = ? WHERE id = ?`).run(block, id);
}

export function markUnrevealed(database: Database.Database, id: string, reason: string): void {
  database.prepare(`UPDATE submissions SET state = 'unrevealed', reason = ? WHERE id = ?`).run(reason, id);
}
