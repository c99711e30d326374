import type { BlockReference } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { blockReference, sealBlock, writeHead, type Head } from './blocks.js';
import { openTimelocked, writeCommitment, type Slot } from './commitments.js';
import { passEpochs } from './epochs.js';
import { palletErrors } from '@assay/lib-subtensor-rules';
import { localChainErrors } from './errors.js';
import type { NetworkFile } from './database.js';
import { readAccounts, readNetwork, readNeurons } from './state.js';
import { readSubmissions } from './submission-rows.js';
import { includeWeights } from './weight-calls.js';

/** What the chain does up to this block, before anything new that the block holds. */
export function passBlocks(database: Database.Database, to: number): void {
  openTimelocked(database, to);
  let { head: from } = readNetwork(database);
  const due = readSubmissions(database, 'sent').filter(({ block }) => block <= to);
  for (const sent of due.sort((a, b) => a.block - b.block)) {
    passEpochs(database, from, sent.block);
    includeWeights(database, sent);
    from = sent.block;
  }
  passEpochs(database, from, to);
}

/** One change in a block of its own. */
export function changeIn<T>(store: NetworkFile, work: (database: Database.Database, block: number) => T): T {
  return store.write((database) => {
    const block = readNetwork(database).head + 1;
    passBlocks(database, block);
    const result = work(database, block);
    sealBlock(database, block);
    return result;
  });
}

/** Writes only when something moves, so that looking at the chain costs no write. */
export function moveHead(store: NetworkFile, next: (head: Head) => Head): void {
  const move = (database: Database.Database): Head | undefined => {
    const { head, head_at: at } = readNetwork(database);
    const moved = next({ number: head, at });
    return moved.number === head && moved.at === at ? undefined : moved;
  };
  if (!store.read(move)) return;
  store.write((database) => {
    const moved = move(database);
    if (!moved) return;
    passBlocks(database, moved.number);
    writeHead(database, moved);
  });
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
