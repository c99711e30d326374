import { defineProfile, type SubnetProfile } from '@assay/core';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const RAO = 1_000_000_000n;

/** Netuid 9 as it was. Competition 6 judged speech, by word error rate: nothing here can. */
export const pretraining: SubnetProfile = defineProfile({
  name: 'pretraining',
  netuid: 9,
  weightsVersionKey: 4062n,
  library: '4.44',
  commitmentCodec: 'pretraining',
  schedule: [
    {
      fromBlock: 0,
      competitions: [
        { id: 1, name: 'refined-web-772m', share: 0.14 },
        { id: 2, name: 'refined-web-autumn-2024', share: 0.29 },
        { id: 4, name: 'fineweb-edu-14b-autumn-2024', share: 0.57 },
      ],
    },
    {
      fromBlock: 4_453_709,
      competitions: [
        { id: 2, name: 'refined-web', share: 0.2 },
        { id: 4, name: 'fineweb-edu-14b', share: 0.4 },
        { id: 5, name: 'the-stack-v2', share: 0.4 },
      ],
    },
    {
      fromBlock: 4_732_978,
      competitions: [
        { id: 2, name: 'six-tasks-3b', share: 0.3 },
        { id: 4, name: 'six-tasks-14b', share: 0.7 },
      ],
    },
    {
      fromBlock: 5_177_981,
      competitions: [
        { id: 6, name: 'tts', share: 0.55 },
        { id: 2, name: 'six-tasks-3b-fast-decay', share: 0.15 },
        { id: 4, name: 'six-tasks-14b-fast-decay', share: 0.3 },
      ],
    },
  ],
  syncCadence: 150,
  evaluationDelay: 250,
  alpha: 0.5,
  temperature: 0.01,
  sampleMin: 5,
  updatedModelsLimit: 25,
  keepThreshold: 0.001,
  topMiners: { minStake: 50_000n * RAO, minWeightShare: 0.05, reevaluateAfterBlocks: 300 },
  cadences: {
    metagraphSync: 20 * MINUTE,
    metagraphDeadline: 120 * SECOND,
    modelSync: 20 * MINUTE,
    modelSyncBacklogPoll: 300 * SECOND,
    modelSyncStart: 60 * SECOND,
    topModelScan: 30 * MINUTE,
    evaluationIdle: 300 * SECOND,
    roundDeadline: 120 * MINUTE,
    modelDeadline: 550 * SECOND,
    weights: 60 * MINUTE,
    weightsPoll: 60 * SECOND,
    // Until a block that holds them is final; the reference waits for 60 s and looks no further.
    weightsDeadline: 10 * MINUTE,
    weightsRetry: 120 * SECOND,
    cleaning: 5 * MINUTE,
    cleaningStart: 60 * MINUTE,
    cleaningGrace: 600 * SECOND,
  },
});
