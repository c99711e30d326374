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
  /** Name of the commitment codec: `pretraining` = namespace:name:revision:secure_hash:competition_id. */
  commitmentCodec: 'pretraining';
  schedule: readonly ScheduleEntry[];
  /** Blocks between two sync blocks; the seed comes from the hash of the last one. */
  syncCadence: number;
  /** Blocks that a commitment rests before it is evaluated. */
  evaluationDelay: number;
  /** Weight of the old average in the moving average. */
  alpha: number;
  /** Of the softmax over win rates. */
  temperature: number;
  /** Models kept per competition for the next round. */
  sampleMin: number;
  /** Pending and evaluating uids at which model sync waits. */
  updatedModelsLimit: number;
  /** Average weight that keeps a model in, and that makes a failure void the round. */
  keepThreshold: number;
  topMiners: { minStake: bigint; minWeightShare: number; reevaluateAfterBlocks: number };
  cadences: Cadences;
}

export function defineProfile(profile: SubnetProfile): SubnetProfile {
  return profile;
}
