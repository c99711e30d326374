import type { Kind, UnitResult } from '../unit.js';
import { list } from '../unit.js';
import { competitionTracker } from './competition-tracker.js';
import { epsilon } from './epsilon.js';
import { hashes } from './hashes.js';
import { modelId } from './model-id.js';
import { random } from './random.js';
import { scoreModels } from './score-model.js';
import {
  competitionSchedule,
  normalizeScores,
  reasonableOutput,
  shouldRetries,
  syncBlockSeeds,
  topMinersKind,
} from './simple-rules.js';
import { wins } from './wins.js';

/** Each unit of a kind that no code can run yet is a failure, so that nobody takes silence for agreement. */
const notYet =
  (key: string): Kind =>
  (content) =>
    list(content[key]).map((_item, index): UnitResult => ({
      unit: `${key}[${index}]`,
      status: 'failed',
      detail: 'the dataset loaders come with the dataset plugins, which are not there yet',
    }));

/** By the base name of the file. */
export const KINDS: Readonly<Record<string, Kind>> = {
  competition_schedule: competitionSchedule,
  competition_tracker: competitionTracker,
  epsilon,
  hashes,
  loaders: notYet('cases'),
  model_id: modelId,
  normalize_score: normalizeScores,
  random,
  reasonable_output: reasonableOutput,
  run_step_data: notYet('tasks'),
  score_model: scoreModels,
  should_retry: shouldRetries,
  sync_block_seed: syncBlockSeeds,
  top_miners: topMinersKind,
  wins,
};
