import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NewRecord, RecordType } from '../contracts/round-journal.js';
import type { ValidatorIdentity } from '../contracts/chain-client.js';
import { splitEntryInSteps } from '../journal/stored-entry.js';
import { inSlices } from './slices.js';
import { asJson } from './derived-rows.js';

/**
 * A record as the journal takes it: split into entry and contents, to be signed by the validator where it has its key.
 * The event loop has its turns on the way.
 */
export async function newRecord(type: RecordType, entry: object, identity: ValidatorIdentity): Promise<NewRecord> {
  const { entry: stored, attachments, parts } = await inSlices(splitEntryInSteps(type, entry));
  await nextTurn();
  return {
    entry: asJson(stored),
    attachments,
    parts,
    ...(identity.sign ? { sign: identity.sign.bind(identity) } : {}),
  };
}
