import type { Doors, DoorName } from './doors.js';
import type { TaskKindRule } from '../contracts/task-kind.js';
import { TASK_KINDS } from '../kinds/task-kinds.js';
import type { Rule } from '../contracts/rule.js';
import { pretraining } from './commitment/pretraining.js';
import { configLock } from './entry/config-lock.js';
import { limits } from './entry/limits.js';
import { nearCopy } from './entry/near-copy.js';
import { syncBlock } from './seed/sync-block.js';
import { pool } from './entrants/pool.js';
import { exponential } from './epsilon/exponential.js';
import { fixed } from './epsilon/fixed.js';
import { linearDecay } from './epsilon/linear-decay.js';
import { piecewise } from './epsilon/piecewise.js';
import { meanLoss } from './match/mean-loss.js';
import { perBatch } from './match/per-batch.js';
import { burn } from './merge/burn.js';
import { byShare } from './merge/by-share.js';
import { floor } from './merge/floor.js';
import { power } from './standing/power.js';
import { softmaxAverage } from './standing/softmax-average.js';
import { winnerTakesAll } from './standing/winner-takes-all.js';

/** Rules by door, as a package brings them. */
// The parameters of each rule are its own; its schema checks them before it sees them.
/* eslint-disable @typescript-eslint/no-explicit-any */
export type RuleProvisions = {
  readonly [Door in Exclude<DoorName, 'taskKinds'>]?: readonly Rule<Doors[Door], any>[];
} & {
  readonly taskKinds?: readonly TaskKindRule[];
};
/* eslint-enable @typescript-eslint/no-explicit-any */

/** The rules that come with core: those of the preset `pretraining`, and a few simple ones beside them. */
export const BUILT_IN_RULES: RuleProvisions = {
  commitmentSchemes: [pretraining],
  entryChecks: [limits, configLock, nearCopy],
  taskKinds: TASK_KINDS,
  seedRules: [syncBlock],
  epsilons: [linearDecay, fixed, exponential, piecewise],
  entrantsRules: [pool],
  matchRules: [meanLoss, perBatch],
  standingRules: [softmaxAverage, winnerTakesAll, power],
  mergeRules: [byShare, floor, burn],
};
