import type Database from 'libsql';
import { z } from 'zod';
import { palletErrors } from '@assay/lib-subtensor-rules';

/** Bytes that a Raw field of a commitment holds. */
export const COMMITMENT_LIMIT = 128;
/** Bytes that a hotkey may commit in one epoch (`MaxSpace` of the commitments pallet). */
const MAX_SPACE = 3100;
/** What a shorter commitment counts as. */
const LEAST_SPACE = 100;

/** Networks that were made before commitments were counted have no such table yet. */
const TABLE = `CREATE TABLE IF NOT EXISTS commitment_space (
  hotkey TEXT PRIMARY KEY, epoch INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT`;
const row = z.object({ epoch: z.number(), used: z.number() }).optional();

/** The block as a hotkey's commitment finds it. */
interface Moment {
  block: number;
  netuid: number;
  tempo: number;
}

/**
 * The limit of the runtime's `set_commitment` (subtensor, spec 425, pallets/commitments): the bytes of one hotkey in one
 * epoch. What is used is written in the same transaction as the commitment.
 * @throws SpaceLimitExceeded
 */
export function useSpace(database: Database.Database, hotkey: string, bytes: number, moment: Moment): void {
  database.exec(TABLE);
  const epoch = epochOf(moment);
  const known = row.parse(database.prepare('SELECT epoch, used FROM commitment_space WHERE hotkey = ?').get(hotkey));
  const used = (known?.epoch === epoch ? known.used : 0) + Math.max(LEAST_SPACE, bytes);
  if (used > MAX_SPACE)
    throw palletErrors.SpaceLimitExceeded({ hotkey, limit: MAX_SPACE, blocksLeft: blocksToNextEpoch(moment) });
  database
    .prepare('INSERT OR REPLACE INTO commitment_space (hotkey, epoch, used) VALUES (?, ?, ?)')
    .run(hotkey, epoch, used);
}

/** Number of the epoch that a block belongs to, by the formula that the pallet asks (`get_epoch_index`). */
const epochOf = ({ block, netuid, tempo }: Moment): number => Math.floor((block + netuid + 1) / (tempo + 1));

const blocksToNextEpoch = (moment: Moment): number =>
  (epochOf(moment) + 1) * (moment.tempo + 1) - moment.netuid - 1 - moment.block;
