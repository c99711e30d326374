import type { Commitment, UnreadableCommitment } from '@assay/core/contracts/chain-client';
import { asBlockNumber, asHotkey } from '@assay/core/contracts/brands';
import { columns, text } from '@assay/lib-libsql';
import type Database from 'libsql';
import { z } from 'zod';
import { COMMITMENT_LIMIT } from './commitment-space.js';
import { commitmentText } from '@assay/core/chain/commitment-text';
import { chainErrors } from '@assay/core/chain/errors';

/** Bytes that a timelocked commitment holds. */
export const TIMELOCK_LIMIT = 1024;
/** Revealed commitments that the chain keeps of a hotkey. */
const MOST_REVEALED = 10;

/** Kinds of data without a text, as an administrator may put them. */
export const textless = z.enum(['reveal-failed', 'empty', 'hash', 'unknown']);
export type Textless = z.infer<typeof textless>;

/** What stands in the one slot of a hotkey. */
export type Slot =
  { kind: 'text'; data: Buffer } | { kind: 'timelocked'; data: Buffer; opens: number } | { kind: Textless };

/** The newest overwrites, also one that is not opened yet: the chain keeps no history. @throws COMMITMENT_TOO_LONG */
export function writeCommitment(database: Database.Database, hotkey: string, slot: Slot, block: number): void {
  const data = 'data' in slot ? slot.data : Buffer.alloc(0);
  const limit = slot.kind === 'timelocked' ? TIMELOCK_LIMIT : COMMITMENT_LIMIT;
  if (data.length > limit) throw chainErrors.COMMITMENT_TOO_LONG({ bytes: data.length, limit });
  const opens = slot.kind === 'timelocked' ? slot.opens : null;
  database
    .prepare('INSERT OR REPLACE INTO commitments (hotkey, data, block, kind, opens) VALUES (?, ?, ?, ?, ?)')
    .run(hotkey, data.toString('hex'), block, slot.kind, opens);
}

/** Adds to what the chain has opened of this hotkey, of which it keeps the last ten. */
export function writeRevealed(database: Database.Database, hotkey: string, data: string, block: number): void {
  database.prepare('INSERT INTO revealed (hotkey, data, block) VALUES (?, ?, ?)').run(hotkey, data, block);
  database
    .prepare(
      `DELETE FROM revealed WHERE hotkey = ?
       AND id NOT IN (SELECT id FROM revealed WHERE hotkey = ? ORDER BY id DESC LIMIT ${MOST_REVEALED})`,
    )
    .run(hotkey, hotkey);
}

const timelockedRow = z.object({ hotkey: text, data: text, block: z.number(), opens: z.number() });

/** Opens the timelocked commitments that are due at `to`: each leaves its slot, in its own block. */
export function openTimelocked(database: Database.Database, to: number): void {
  const rows = database
    .prepare(
      `SELECT ${columns({ text: ['hotkey', 'data'], other: ['block', 'opens'] })} FROM commitments
       WHERE kind = 'timelocked' AND opens <= ? ORDER BY max(opens, block + 1), hotkey`,
    )
    .all(to);
  for (const { hotkey, data, block, opens } of z.array(timelockedRow).parse(rows)) {
    const opened = Math.max(opens, block + 1);
    writeRevealed(database, hotkey, data, opened);
    database.prepare('DELETE FROM commitments WHERE hotkey = ?').run(hotkey);
    database.prepare('UPDATE network SET changed_at = max(changed_at, ?)').run(opened);
  }
}

/** Block at which the commitment in this hotkey's slot opens; undefined where it is none that waits for that. */
export function unopenedOf(database: Database.Database, hotkey: string): number | undefined {
  const row = database.prepare(`SELECT opens FROM commitments WHERE hotkey = ? AND kind = 'timelocked'`).get(hotkey);
  return z.object({ opens: z.number() }).optional().parse(row)?.opens;
}

const textRow = z
  .object({
    hotkey: text.transform((address) => asHotkey(address)),
    data: text,
    block: z.number().transform(asBlockNumber),
  })
  .transform(({ hotkey, data, block }): Commitment => ({
    hotkey,
    data: commitmentText(Buffer.from(data, 'hex')),
    block,
  }));

const unreadableRow = z
  .object({
    hotkey: text.transform((address) => asHotkey(address)),
    block: z.number().transform(asBlockNumber),
    kind: text.pipe(z.enum(['timelocked', ...textless.options])),
    opens: z.number().nullable(),
  })
  .transform(({ hotkey, block, kind, opens }): UnreadableCommitment => ({
    hotkey,
    block,
    kind,
    detail: kind === 'timelocked' ? `opens at block ${opens ?? 'unknown'}` : DETAILS[kind],
  }));

const DETAILS: Readonly<Record<Textless, string>> = {
  'reveal-failed': 'could not be opened at its round',
  empty: 'no data',
  hash: 'a hash, BlakeTwo256',
  unknown: 'data of a kind that is not known here',
};

interface Commitments {
  commitments: Commitment[];
  revealed: Commitment[];
  unreadable: UnreadableCommitment[];
}

/** Of registered hotkeys: what others have committed stays on the chain, and is left out here. */
export function readCommitments(database: Database.Database, schema: number): Commitments {
  const rows = (table: string, more: string[], where: string, order: string): unknown[] =>
    database
      .prepare(
        `SELECT ${columns({ text: ['hotkey', ...more], other: ['block'] })}${table === 'commitments' && schema > 1 ? ', opens' : ''}
         FROM ${table} JOIN neurons USING (hotkey) ${where} ORDER BY ${order}`,
      )
      .all();
  if (schema < 2)
    return {
      commitments: z.array(textRow).parse(rows('commitments', ['data'], '', 'uid')),
      revealed: [],
      unreadable: [],
    };
  return {
    commitments: z.array(textRow).parse(rows('commitments', ['data'], "WHERE kind = 'text'", 'uid')),
    revealed: z.array(textRow).parse(rows('revealed', ['data'], '', 'uid, id')),
    unreadable: z.array(unreadableRow).parse(rows('commitments', ['kind'], "WHERE kind <> 'text'", 'uid')),
  };
}
