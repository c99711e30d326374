import type { RuleChoice } from '../contracts/rule.js';

/** Which competitions are judged from a block on, and what share of the subnet's weight each hands out. */
export interface ScheduleEntry {
  fromBlock: number;
  competitions: readonly ScheduledId[];
}

export interface ScheduledId {
  /** What miners commit to. */
  id: number;
  /** Of the subnet's weight. */
  share: number;
  /** Which of the installed competitions of this id it is; needed where there are several. */
  name?: string;
}

/** Times of the loops in milliseconds. Sources: the reference's cadences, see docs/run/cadences.md. */
export interface Cadences {
  metagraphSync: number;
  metagraphDeadline: number;
  /** Least time between two looks at one uid. */
  modelSync: number;
  modelSyncBacklogPoll: number;
  modelSyncStart: number;
  topModelScan: number;
  evaluationIdle: number;
  roundDeadline: number;
  modelDeadline: number;
  weights: number;
  weightsPoll: number;
  weightsDeadline: number;
  weightsRetry: number;
  cleaning: number;
  cleaningStart: number;
  cleaningGrace: number;
}

/** All that is one subnet's own. */
export interface SubnetProfile {
  name: string;
  netuid: number;
  weightsVersionKey: bigint;
  /** Version of the library (transformers) by which models are judged, where a competition does not say it itself. */
  library?: string;
  /** How miners name their models on chain: `pretraining` = namespace:name:revision:secure_hash:competition_id. */
  commitment: RuleChoice;
  schedule: readonly ScheduleEntry[];
  /** Blocks between two sync blocks; the seed comes from the hash of the last one. */
  syncCadence: number;
  /** Blocks that a commitment rests before it is evaluated. */
  evaluationDelay: number;
  /** Blocks from the first look that missed a repo, revision or file until its miner is refused for that. */
  missingGrace: number;
  /** What the subnet decides by, from a block on; the first from block 0. */
  rules: readonly DatedRules[];
  /** Models kept per competition for the next round. */
  sampleMin: number;
  /** Pending and evaluating uids at which model sync waits. */
  updatedModelsLimit: number;
  /** Average weight that keeps a model in, and that makes a failure void the round. */
  keepThreshold: number;
  /** Whether weights are due as soon as another hotkey is the first of a standing, whenever they were set last; no when left out. */
  weightsAtNewLeader?: boolean;
  /** What a validator says at its start: how it differs from others of this subnet. */
  notes?: readonly string[];
  topMiners: { minStake: bigint; minWeightShare: number; reevaluateAfterBlocks: number };
  cadences: Cadences;
}

/** Choices in place of a competition's own. */
export interface ChangedRules {
  epsilon?: RuleChoice;
  match?: RuleChoice;
  standing?: RuleChoice;
  entrants?: RuleChoice;
  entryChecks?: readonly RuleChoice[];
}

/** Choices that hold from a block on: an owner announces a change, and validators that have the package agree from there. */
export interface DatedRules {
  fromBlock: number;
  /** What a round hands out, where a competition does not say it itself. */
  standing: RuleChoice;
  /** Who plays, where a competition does not say it itself; `pool` with `sampleMin` and `keepThreshold` when left out. */
  entrants?: RuleChoice;
  /** What samples are drawn from; `sync-block` with `syncCadence` when left out. */
  seed?: RuleChoice;
  /** From the standings of all competitions to the subnet's weights, in order. */
  merge: readonly RuleChoice[];
  /** By name of a competition: choices in place of its own. */
  competitions?: Readonly<Record<string, ChangedRules>>;
}

/** A profile as its package may write it: `alpha`, `temperature` and `commitmentCodec` stand for rules. */
export interface SubnetProfileInput extends Omit<SubnetProfile, 'rules' | 'commitment' | 'missingGrace'> {
  /** 75 when left out. */
  missingGrace?: number;
  commitment?: RuleChoice;
  /** Name of a commitment scheme without parameters. */
  commitmentCodec?: string;
  rules?: readonly DatedRules[];
  /** Weight of the old average in the moving average. */
  alpha?: number;
  /** Of the softmax over win rates. */
  temperature?: number;
}

export function defineProfile(profile: SubnetProfileInput): SubnetProfileInput {
  return profile;
}
