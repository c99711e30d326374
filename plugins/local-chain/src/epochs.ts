import type Database from 'libsql';
import { nextEpoch } from './epoch-schedule.js';
import { readNetwork, readNeurons, readWeights } from './state.js';
import { readSubmissions } from './submission-rows.js';
import { earliestCommits, revealWeights } from './weight-calls.js';
import { epochTerms } from './yuma.js';

/**
 * Runs the epochs that fall after `from` and up to `to`, and reveals the weights that are due. Nothing else changes in
 * between. An epoch depends on the one before it only by the permits, which depend on stake: the last two, and those that
 * weights are revealed in, leave the same behind as all of them.
 */
export function passEpochs(database: Database.Database, from: number, to: number): void {
  const { last_epoch: lastEpoch, epoch_index: index, hyperparameters } = readNetwork(database);
  const { tempo } = hyperparameters;
  const first = lastEpoch === null ? null : nextEpoch({ lastEpoch, tempo }, from);
  // A changed period may have made a reveal due within an epoch.
  if (from < to && first !== from + 1) revealWeights(database, from + 1, index);
  if (first === null || first > to) return;
  const count = 1 + Math.floor((to - first) / tempo);
  for (const nth of epochsThatCount(database, index, count)) {
    const block = first + nth * tempo;
    revealWeights(database, block, index + nth + 1);
    runEpoch(database, block);
  }
  database
    .prepare('UPDATE network SET last_epoch = ?, epoch_index = ?')
    .run(first + (count - 1) * tempo, index + count);
}

/** Which of the next `count` epochs leave something behind, in ascending order; 0 is the next one. */
function epochsThatCount(database: Database.Database, index: number, count: number): number[] {
  const { revealPeriodEpochs } = readNetwork(database).hyperparameters;
  const reveals = readSubmissions(database, 'committed').map(
    ({ epoch }) => (epoch ?? 0) + revealPeriodEpochs - index - 1,
  );
  const first = reveals.length > 0 ? [0] : [];
  const all = new Set([...first, ...reveals, count - 2, count - 1]);
  return [...all].filter((nth) => nth >= 0 && nth < count).sort((a, b) => a - b);
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
    commits: hyperparameters.commitRevealEnabled ? earliestCommits(database) : new Map(),
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
