/** Sources of the profile that a new subnet begins with. */

export const RULES_SOURCE = `import type { DatedRules } from '@assay/core';

/**
 * What the subnet decides, from a block on. To change a rule, add an entry with a later fromBlock: validators that have
 * the package change over at that block. \`validator rules\` lists every installed rule with its parameters.
 */
export const rules: DatedRules[] = [
  {
    fromBlock: 0,
    // What a round hands out: nearly everything to the winner, averaged with the rounds before.
    standing: { rule: 'softmax-average', temperature: 0.01, alpha: 0.5 },
    // From the standings of all competitions to the weights on chain.
    merge: [{ rule: 'by-share' }],
  },
];
`;

export const profileSource = (name: string, netuid: number, versionKey: bigint): string =>
  `import type { SubnetProfile } from '@assay/core';
import { competition } from './competition.js';
import { rules } from './rules.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export const profile: SubnetProfile = {
  name: '${name}', // the config says subnet: ${name}
  netuid: ${netuid},
  weightsVersionKey: ${versionKey}n,
  library: '5', // version of transformers by which models are judged
  commitment: { rule: 'pretraining' }, // namespace:name:revision:secure_hash:competition_id
  schedule: [{ fromBlock: 0, competitions: [{ id: competition.id, name: competition.name, share: 1 }] }],
  rules,
  // In blocks of 12 seconds.
  syncCadence: 150, // between two draws of samples
  evaluationDelay: 250, // blocks before a claim is judged: its miner cannot know the samples when committing
  missingGrace: 75, // a missing repo has to come back
  // Models.
  sampleMin: 5, // kept for the next round
  updatedModelsLimit: 25, // waiting at most, before more are looked at
  keepThreshold: 0.001, // share from which a model is kept, and a failure of it voids the round
  topMiners: { minStake: 50_000n * 1_000_000_000n, minWeightShare: 0.05, reevaluateAfterBlocks: 300 },
  // In milliseconds; validator.yaml may have others.
  cadences: {
    metagraphSync: 20 * MINUTE,
    metagraphDeadline: 2 * MINUTE,
    modelSync: 20 * MINUTE,
    modelSyncBacklogPoll: 5 * MINUTE,
    modelSyncStart: MINUTE,
    topModelScan: 30 * MINUTE,
    evaluationIdle: 5 * MINUTE,
    roundDeadline: 120 * MINUTE,
    modelDeadline: 10 * MINUTE,
    weights: 60 * MINUTE,
    weightsPoll: MINUTE,
    weightsDeadline: 10 * MINUTE,
    weightsRetry: 2 * MINUTE,
    cleaning: 5 * MINUTE,
    cleaningStart: 60 * MINUTE,
    cleaningGrace: 10 * MINUTE,
  },
};
`;

export const INDEX_SOURCE = `import type { Plugin } from '@assay/core';
import { competition } from './competition.js';
import { profile } from './profile.js';

const plugin: Plugin = {
  apiVersion: 1,
  name: profile.name,
  provides: { competitions: [competition], profiles: { [profile.name]: profile } },
};
export default plugin;
`;
