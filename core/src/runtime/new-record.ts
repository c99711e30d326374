import type { NewRecord, RecordType } from '../contracts/round-journal.js';
import type { ValidatorIdentity } from '../contracts/chain-client.js';
import { splitEntry } from '../journal/stored-entry.js';
import { asJson } from './validator-state.js';

/** A record as the journal takes it: split into entry and contents, to be signed by the validator where it has its key. */
export function newRecord(type: RecordType, entry: object, identity: ValidatorIdentity): NewRecord {
  const { entry: stored, attachments, parts } = splitEntry(type, entry);
  return {
    entry: asJson(stored),
    attachments,
    parts,
    ...(identity.sign ? { sign: identity.sign.bind(identity) } : {}),
  };
}
