import type { BlockReference } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { blockReference } from './blocks.js';
import { openTimelocked, writeCommitment, type Slot } from './commitments.js';
import { passEpochs } from './epochs.js';
import { palletErrors } from '@assay/lib-subtensor-rules';
import { localChainErrors } from './errors.js';
import { readAccounts, readNetwork, readNeurons } from './state.js';

/** What the chain itself does up to this block, before anything that the block holds. */
export function passBlocks(database: Database.Database, to: number): void {
  openTimelocked(database, to);
  passEpochs(database, to);
}

/** The commitment of a registered hotkey. @throws AccountNotAllowedCommit, COMMITMENT_TOO_LONG */
export function commitAs(database: Database.Database, hotkey: string, slot: Slot, block: number): BlockReference {
  const { netuid, seed } = readNetwork(database);
  if (!readNeurons(database).some((neuron) => neuron.hotkey === hotkey))
    throw palletErrors.AccountNotAllowedCommit({ hotkey, netuid });
  writeCommitment(database, hotkey, slot, block);
  return blockReference(seed, block);
}

/** Hotkey of the neuron at a uid or of an account's name; an address is itself. @throws UID_UNKNOWN */
export function hotkeyOf(database: Database.Database, who: string | number): string {
  if (typeof who === 'string') return readAccounts(database).find(({ name }) => name === who)?.hotkey ?? who;
  const neuron = readNeurons(database).find(({ uid }) => uid === who);
  if (!neuron) throw localChainErrors.UID_UNKNOWN({ uid: who });
  return neuron.hotkey;
}
