import type Database from 'libsql';
import { nextEpoch } from './epoch-schedule.js';
import { readNetwork, readNeurons, readWeights } from './state.js';
import { epochTerms } from './yuma.js';

/**
 * Runs the epochs that fall after the head and up to `to`. Nothing else changes in between, and an epoch depends on the one
 * before it only by the permits, which depend on stake: the last two leave the same behind as all of them.
 */
export function passEpochs(database: Database.Database, to: number): void {
  const { head, last_epoch: lastEpoch, hyperparameters } = readNetwork(database);
  const { tempo } = hyperparameters;
  const first = lastEpoch === null ? null : nextEpoch({ lastEpoch, tempo }, head);
  if (first === null || first > to) return;
  const last = first + Math.floor((to - first) / tempo) * tempo;
  for (const block of new Set([Math.max(first, last - tempo), last])) runEpoch(database, block);
  database.prepare('UPDATE network SET last_epoch = ?').run(last);
}

function runEpoch(database: Database.Database, block: number): void {
  const { hyperparameters } = readNetwork(database);
  const neurons = readNeurons(database);
  const { kappa, stakeThreshold, activityCutoff, maxValidators, consensus, ownerUid, ownerHotkey } = hyperparameters;
  const owner = neurons.find(({ uid, hotkey }) =>
    ownerHotkey === undefined ? uid === ownerUid : hotkey === ownerHotkey,
  );
  const terms = epochTerms({
    ...{ block, neurons, stakeThreshold, activityCutoff, maxValidators, consensus },
    weights: readWeights(database),
    kappa: kappa / 65_535,
    ownerUid: owner?.uid ?? null,
  });
  const update = database.prepare(
    'UPDATE neurons SET incentive = ?, dividends = ?, validator_trust = ?, validator_permit = ? WHERE uid = ?',
  );
  const changed = terms.filter((term, index) => {
    const { incentive, dividends, validatorTrust, validatorPermit } = neurons[index] ?? {};
    return (
      incentive !== term.incentive ||
      dividends !== term.dividends ||
      validatorTrust !== term.validatorTrust ||
      validatorPermit !== term.validatorPermit
    );
  });
  for (const { uid, incentive, dividends, validatorTrust, validatorPermit } of changed)
    update.run(incentive, dividends, validatorTrust, validatorPermit ? 1 : 0, uid);
  if (changed.length > 0) database.prepare('UPDATE network SET changed_at = max(changed_at, ?)').run(block);
}
