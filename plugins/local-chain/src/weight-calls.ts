import { checkCommit, checkReveal, checkWeights, upscaleWeights, type WeightsCall } from '@assay/lib-subtensor-rules';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { Neuron } from '@assay/core/contracts/chain-client';
import type Database from 'libsql';
import { writeWeights } from './seed-network.js';
import { readNetwork, readNeurons } from './state.js';
import {
  markHeld,
  markRefused,
  markRevealed,
  markUnrevealed,
  readSubmissions,
  type SubmissionRow,
} from './submission-rows.js';

/** The subnet as a block finds it, for the runtime's checks. */
function stateAt(database: Database.Database, block: number) {
  const { netuid, hyperparameters: parameters } = readNetwork(database);
  const ownerHotkey = parameters.ownerHotkey ?? null;
  return { netuid, block, neurons: readNeurons(database), ownerHotkey, parameters };
}

/** The chain's `set_weights` in this block. @throws the runtime's errors */
export function setWeights(database: Database.Database, hotkey: string, call: WeightsCall, block: number): void {
  const own = checkWeights(hotkey, call, stateAt(database, block));
  putRow(database, own, call);
  moveLastUpdate(database, own, block);
}

/**
 * The chain's commit of timelocked weights in this block. What it holds is looked at when it is revealed.
 * @throws the runtime's errors
 * @returns number of the epoch that the commit belongs to
 */
function commitWeights(database: Database.Database, hotkey: string, block: number): number {
  const { epoch_index: epoch } = readNetwork(database);
  const unrevealed = readSubmissions(database, 'committed').filter(
    (row) => row.hotkey === hotkey && row.epoch === epoch,
  );
  const own = checkCommit(hotkey, unrevealed.length, stateAt(database, block));
  moveLastUpdate(database, own, block);
  return epoch;
}

/** Takes weights that were sent into the block in which they are due: the block holds them, or their refusal. */
export function includeWeights(
  database: Database.Database,
  { id, hotkey, call, content, block }: Pick<SubmissionRow, 'id' | 'hotkey' | 'call' | 'content' | 'block'>,
): void {
  try {
    if (call === 'set') {
      setWeights(database, hotkey, content, block);
      markHeld(database, id, 'set');
    } else {
      markHeld(database, id, { committedIn: commitWeights(database, hotkey, block) });
    }
    markChanged(database, block);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    markRefused(database, id, error);
  }
}

/**
 * Reveals what is due in this block, before its epoch: what was committed `revealPeriodEpochs` epochs before. A commit whose
 * epoch of reveal has passed, because that period was made shorter, is never revealed.
 * @param epoch number of the epoch that the block belongs to
 */
export function revealWeights(database: Database.Database, block: number, epoch: number): void {
  const { revealPeriodEpochs } = readNetwork(database).hyperparameters;
  for (const row of readSubmissions(database, 'committed')) {
    const due = (row.epoch ?? 0) + revealPeriodEpochs;
    if (due < epoch) markUnrevealed(database, row.id, `the epoch ${due} in which the chain reveals them has passed`);
    else if (due === epoch) revealOne(database, row, block);
  }
}

function revealOne(database: Database.Database, { id, hotkey, content }: SubmissionRow, block: number): void {
  try {
    const state = stateAt(database, block);
    // Where commit and reveal was turned off meanwhile, the runtime looks at the rate limit as well.
    const { commitRevealEnabled } = state.parameters;
    const own = commitRevealEnabled ? checkReveal(hotkey, content, state) : checkWeights(hotkey, content, state);
    putRow(database, own, content);
    if (!commitRevealEnabled) moveLastUpdate(database, own, block);
    markRevealed(database, id, block);
    markChanged(database, block);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    markUnrevealed(database, id, `${error.code}: ${error.message}`);
  }
}

/** Block of the earliest commit of each hotkey that is on chain without a reveal. */
export function earliestCommits(database: Database.Database): Map<string, number> {
  const blocks = new Map<string, number>();
  for (const { hotkey, block } of readSubmissions(database, 'committed'))
    blocks.set(hotkey, Math.min(block, blocks.get(hotkey) ?? block));
  return blocks;
}

function putRow(database: Database.Database, own: Neuron, { uids, weights }: WeightsCall): void {
  const scaled = upscaleWeights(weights);
  writeWeights(
    database,
    own.uid,
    uids.map((uid, index) => [uid, scaled[index] ?? 0]),
  );
}

function moveLastUpdate(database: Database.Database, { uid }: Neuron, block: number): void {
  database.prepare('UPDATE neurons SET last_update = ? WHERE uid = ?').run(block, uid);
}

/** Nothing of an earlier block can be read any more. */
function markChanged(database: Database.Database, block: number): void {
  database.prepare('UPDATE network SET changed_at = max(changed_at, ?)').run(block);
}
