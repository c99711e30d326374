import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { defineCompetition, defineProfile, type Competition, type SubnetProfile } from '@assay/core';

const SECOND = 1000;
const BUNDLE = join(import.meta.dirname, '..', '..', 'assets', 'shards', 'bundle.json');
/** Tokens of a record of the shards; a sequence joins two of them. */
const RECORD = 128;
/** The model that reigns before anybody has won: a weak one. */
const FIRST_KING = { namespace: 'genesis', name: 'llama-250' };

/** The demo's models, one challenger after the other, on token shards that come along. */
export const duelDemo: Competition = defineCompetition({
  id: 1,
  name: 'duel-demo',
  constraints: {
    minParameters: 100_000,
    maxParameters: 700_000,
    maxBytes: 4 * 1024 * 1024,
    architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'],
    sequenceLength: 2 * RECORD,
  },
  tokenizer: { kind: 'none', vocabularySize: 1024 },
  epsilon: { rule: 'fixed', epsilon: 0 },
  entryChecks: [
    { rule: 'safetensors-layout' },
    { rule: 'owner-mark' },
    { rule: 'limits' },
    { rule: 'config-lock', like: 'defender' },
  ],
  tasks: [
    {
      name: 'shards',
      kind: 'text-loss',
      dataset: 'token-shards',
      datasetOptions: { bundle: BUNDLE, baseLength: RECORD },
      parameters: {
        sequences: 64,
        batchSize: 1,
        packSamples: true,
        shuffle: false,
        tokenizer: 'none',
        padTokenId: 1023,
        continuation: null,
      },
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: {
    rule: 'paired-bootstrap',
    margin: 0.0015,
    earlyStop: { every: 16 },
    tolerance: 0.0001,
  },
  onDatasetFailure: 'skip-round',
});

/** A subnet in miniature: blocks of a quarter of a second, cadences to match. */
export const duelDemoProfile: SubnetProfile = defineProfile({
  name: 'duel-demo',
  netuid: 3,
  weightsVersionKey: 1n,
  commitment: { rule: 'duel', places: ['hf'] },
  schedule: [{ fromBlock: 0, competitions: [{ id: 1, name: 'duel-demo', share: 1 }] }],
  rules: [
    {
      fromBlock: 0,
      seed: { rule: 'challenge' },
      entrants: { rule: 'queue' },
      standing: {
        rule: 'king-chain',
        king: {
          reference: {
            ...FIRST_KING,
            // As the demo's network names the one revision of each repo.
            revision: createHash('sha1').update(`${FIRST_KING.namespace}/${FIRST_KING.name}`).digest('hex'),
          },
        },
      },
      merge: [{ rule: 'by-share' }, { rule: 'burn', to: 0 }],
    },
  ],
  syncCadence: 1,
  evaluationDelay: 1,
  sampleMin: 1,
  updatedModelsLimit: 30,
  keepThreshold: 0.001,
  weightsAtNewLeader: true,
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
    modelDeadline: 60 * SECOND,
    weights: 75 * SECOND, // 300 blocks
    weightsPoll: SECOND,
    weightsDeadline: 10 * SECOND,
    weightsRetry: 2 * SECOND,
    cleaning: 10 * SECOND,
    cleaningStart: 10 * SECOND,
    cleaningGrace: 5 * SECOND,
  },
});
