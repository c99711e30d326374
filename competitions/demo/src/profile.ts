import { defineProfile, type SubnetProfile } from '@assay/core';

const SECOND = 1000;

/** A subnet in miniature: blocks of a quarter of a second, cadences to match. */
export const demoProfile: SubnetProfile = defineProfile({
  name: 'demo',
  netuid: 9,
  weightsVersionKey: 4062n,
  commitmentCodec: 'pretraining',
  schedule: [
    {
      fromBlock: 0,
      competitions: [
        { id: 1, name: 'demo-docs', share: 0.7 },
        { id: 2, name: 'demo-matches', share: 0.3 },
      ],
    },
  ],
  syncCadence: 30,
  evaluationDelay: 50,
  alpha: 0.5,
  temperature: 0.01,
  sampleMin: 5,
  updatedModelsLimit: 30,
  keepThreshold: 0.001,
  topMiners: { minStake: 50_000n * 1_000_000_000n, minWeightShare: 0.05, reevaluateAfterBlocks: 60 },
  cadences: {
    metagraphSync: 5 * SECOND,
    metagraphDeadline: 10 * SECOND,
    modelSync: 10 * SECOND,
    modelSyncBacklogPoll: 2 * SECOND,
    modelSyncStart: 0,
    topModelScan: 15 * SECOND,
    evaluationIdle: SECOND,
    roundDeadline: 120 * SECOND,
    modelDeadline: 30 * SECOND,
    weights: 10 * SECOND,
    weightsPoll: SECOND,
    weightsDeadline: 10 * SECOND,
    weightsRetry: 2 * SECOND,
    cleaning: 10 * SECOND,
    cleaningStart: 10 * SECOND,
    cleaningGrace: 5 * SECOND,
  },
});
