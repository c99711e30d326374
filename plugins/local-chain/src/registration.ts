import type { Neuron } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { localChainErrors } from './errors.js';
import type { Registration } from './genesis.js';
import { insertAccount, insertNeuron, type Keys } from './seed-network.js';
import { readAccounts, readNetwork, readNeurons } from './state.js';

/** @throws ALREADY_REGISTERED, SUBNET_FULL, GENESIS_INVALID */
export function register(
  database: Database.Database,
  given: Registration,
  keys: Keys,
  { block, uid }: { block: number; uid: number | undefined },
): { uid: number; hotkey: string } {
  const { maxUids } = readNetwork(database).hyperparameters;
  const neurons = readNeurons(database);
  requireNew(database, neurons, keys);
  const slot = uid ?? lowestFree(new Set(neurons.map((neuron) => neuron.uid)));
  if (slot >= maxUids) throw localChainErrors.SUBNET_FULL({ maxUids });
  removeNeuron(database, slot);
  insertNeuron(database, { ...given, uid: slot, registeredAt: block, lastUpdate: block }, keys);
  return { uid: slot, hotkey: keys.hotkey };
}

/** @throws ALREADY_REGISTERED, UID_UNKNOWN, GENESIS_INVALID */
export function swapHotkey(database: Database.Database, uid: number, keys: Keys): void {
  requireNew(database, readNeurons(database), keys);
  insertAccount(database, keys);
  const { changes } = database.prepare('UPDATE neurons SET hotkey = ? WHERE uid = ?').run(keys.hotkey, uid);
  if (changes === 0) throw localChainErrors.UID_UNKNOWN({ uid });
}

/** Returns whether there was such a neuron. */
export function removeNeuron(database: Database.Database, uid: number): boolean {
  database.prepare('DELETE FROM weights WHERE uid = ?').run(uid);
  return database.prepare('DELETE FROM neurons WHERE uid = ?').run(uid).changes > 0;
}

function requireNew(database: Database.Database, neurons: readonly Neuron[], { hotkey, name }: Keys): void {
  const already = neurons.find((neuron) => neuron.hotkey === hotkey);
  if (already) throw localChainErrors.ALREADY_REGISTERED({ hotkey, uid: already.uid });
  const named = readAccounts(database).find((account) => account.name !== null && account.name === name);
  if (named && named.hotkey !== hotkey)
    throw localChainErrors.GENESIS_INVALID({ issues: [`the name ${named.name} is taken`] });
}

function lowestFree(taken: ReadonlySet<number>): number {
  for (let uid = 0; ; uid += 1) if (!taken.has(uid)) return uid;
}
