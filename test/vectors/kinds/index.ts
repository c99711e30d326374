import type { Kind } from '../unit.js';
import { calls, commitHashes } from './calls.js';
import { commitments, metagraph } from './chain.js';
import { competitionTracker } from './competition-tracker.js';
import { reveals } from './duel-claims.js';
import { configLocks } from './duel-entry.js';
import { bootstraps, earlyStops } from './duel-match.js';
import { seeds } from './duel-seeds.js';
import { kingChains } from './duel-standing.js';
import { epsilon } from './epsilon.js';
import { hashes } from './hashes.js';
import { loaders, runStepData } from './loaders.js';
import { modelId } from './model-id.js';
import { numpyRandom } from './numpy-random.js';
import { queues } from './queue.js';
import { random } from './random.js';
import { revealRounds, timelocks } from './reveals.js';
import { scoreModels } from './score-model.js';
import {
  competitionSchedule,
  normalizeScores,
  reasonableOutput,
  shouldRetries,
  syncBlockSeeds,
  topMinersKind,
} from './simple-rules.js';
import { multiSource } from './token-shards.js';
import { wallet } from './wallet.js';
import { weights } from './weights.js';
import { wins } from './wins.js';

/** By the base name of the file. */
export const KINDS: Readonly<Record<string, Kind>> = {
  bootstrap: bootstraps,
  calls,
  commit_hash_v2: commitHashes,
  commit_reveal_tle: timelocks,
  commitments,
  competition_schedule: competitionSchedule,
  competition_tracker: competitionTracker,
  config_lock: configLocks,
  early_stop: earlyStops,
  epsilon,
  hashes,
  king_chain: kingChains,
  loaders,
  metagraph,
  model_id: modelId,
  multi_source: multiSource,
  normalize_score: normalizeScores,
  numpy_random: numpyRandom,
  queue: queues,
  random,
  reasonable_output: reasonableOutput,
  reveal_round: revealRounds,
  reveals,
  run_step_data: runStepData,
  score_model: scoreModels,
  seeds,
  should_retry: shouldRetries,
  sync_block_seed: syncBlockSeeds,
  top_miners: topMinersKind,
  wallet,
  weights,
  wins,
};
