import { defineCompetition, defineProfile, type Competition, type SubnetProfile } from '@assay/core';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const RAO = 1_000_000_000n;

/** Tokens of a record of the shards; a sequence joins four of them. */
const RECORD = 2048;
/** Ids of a Qwen3 model, which the kings of 2026 are. */
const VOCABULARY = 151_936;
const END_OF_TEXT = 151_643;

/**
 * The one competition of a subnet in the shape of subnet 3. Which shards it is judged on says the operator: `datasets:
 * {token-shards: {bundle: URL}}`.
 */
export const duel: Competition = defineCompetition({
  id: 1,
  name: 'duel',
  library: '5',
  constraints: {
    minParameters: 100_000_000,
    maxParameters: 100_000_000_000,
    maxBytes: 201e9,
    architectures: [
      'Qwen3ForCausalLM',
      'Qwen3MoeForCausalLM',
      'Gemma3ForCausalLM',
      'Phi3ForCausalLM',
      'Olmo2ForCausalLM',
      'MixtralForCausalLM',
      'LlamaForCausalLM',
    ],
    sequenceLength: 4 * RECORD,
  },
  tokenizer: { kind: 'none', vocabularySize: VOCABULARY },
  // The margin of the match rule is what the earlier model is ahead by.
  epsilon: { rule: 'fixed', epsilon: 0 },
  entryChecks: [
    { rule: 'safetensors-layout' },
    { rule: 'owner-mark' },
    { rule: 'limits' },
    { rule: 'config-lock', like: 'defender', extraKeys: ['rope_scaling', 'rope_parameters'] },
  ],
  tasks: [
    {
      name: 'shards',
      kind: 'text-loss',
      dataset: 'token-shards',
      datasetOptions: { baseLength: RECORD },
      parameters: {
        sequences: 10_000,
        batchSize: 1,
        packSamples: true,
        shuffle: false,
        tokenizer: 'none',
        padTokenId: END_OF_TEXT,
        continuation: null,
      },
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: {
    rule: 'paired-bootstrap',
    margin: 0.0015,
    alpha: 0.001,
    resamples: 10_000,
    earlyStop: { every: 250, quantile: 0.94, fraction: 0.2 },
    tolerance: 0.0005,
  },
  onDatasetFailure: 'skip-round',
});

/**
 * Subnet 3's shape. It names no first king: who starts a validator says who reigns, as `history` in the config or by
 * `validator state import`.
 */
export const duelProfile: SubnetProfile = defineProfile({
  name: 'duel',
  netuid: 3,
  weightsVersionKey: 0n,
  library: '5',
  notes: [
    "Miners of subnet 3 may publish custom code that equals the king's. Code of a model is never run here: a model that needs it is refused.",
  ],
  commitment: { rule: 'duel', registry: 'registry.hippius.com' },
  schedule: [{ fromBlock: 0, competitions: [{ id: 1, name: 'duel', share: 1 }] }],
  rules: [
    {
      fromBlock: 0,
      seed: { rule: 'challenge', base: 0xe1a },
      entrants: { rule: 'queue', ahead: 2, opens: 0 },
      standing: { rule: 'king-chain', kings: 5 },
      merge: [{ rule: 'by-share' }, { rule: 'burn', to: 0 }],
    },
  ],
  // The seed comes from the hash of the claim's own block, which is unknown when the claim is made: no further delay is needed.
  syncCadence: 1,
  evaluationDelay: 1,
  missingGrace: 75,
  sampleMin: 1,
  updatedModelsLimit: 25,
  keepThreshold: 0.001,
  weightsAtNewLeader: true,
  topMiners: { minStake: 50_000n * RAO, minWeightShare: 0.05, reevaluateAfterBlocks: 300 },
  cadences: {
    metagraphSync: MINUTE,
    metagraphDeadline: 2 * MINUTE,
    modelSync: 2 * MINUTE,
    modelSyncBacklogPoll: MINUTE,
    modelSyncStart: 0,
    topModelScan: 30 * MINUTE,
    evaluationIdle: 30 * SECOND,
    roundDeadline: 360 * MINUTE,
    modelDeadline: 180 * MINUTE,
    weights: 60 * MINUTE, // 300 blocks
    weightsPoll: 30 * SECOND,
    weightsDeadline: 10 * MINUTE,
    weightsRetry: 2 * MINUTE,
    cleaning: 5 * MINUTE,
    cleaningStart: 60 * MINUTE,
    cleaningGrace: 10 * MINUTE,
  },
});
