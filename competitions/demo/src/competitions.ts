import { join } from 'node:path';
import { defineCompetition, type Competition, type EvalTask } from '@assay/core';

const assets = join(import.meta.dirname, '..', 'assets');

export const TEXTS = join(assets, 'texts');
export const TOKENIZER = join(assets, 'tokenizer');
export const MODELS = join(assets, 'models');

/** Public-domain documentation of SQLite, 112 texts that none of the demo's models was trained on. */
const sqliteDocs: EvalTask = {
  name: 'sqlite-docs',
  kind: 'text-loss',
  dataset: 'local-text',
  datasetOptions: { path: TEXTS, pageRows: 5 },
  pages: 6,
  batchSize: 1,
  packSamples: true,
  maxBatches: 32,
  weight: 1,
  normalization: { type: 'none' },
};

const shared = {
  constraints: {
    minParameters: 100_000,
    maxParameters: 700_000,
    maxBytes: 4 * 1024 * 1024,
    architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'],
    sequenceLength: 256,
  },
  tokenizer: { kind: 'folder', path: TOKENIZER },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 2000 },
  onDatasetFailure: 'skip-round',
} as const;

/** As the deployed competitions judge: by the mean loss. */
export const demoDocs: Competition = defineCompetition({
  ...shared,
  id: 1,
  name: 'demo-docs',
  tasks: [sqliteDocs],
  comparison: 'mean-loss',
});

/** The same miners again, judged as the mechanism was first written down: a match per pair and sequence. */
export const demoMatches: Competition = defineCompetition({
  ...shared,
  id: 2,
  name: 'demo-matches',
  judges: [1],
  tasks: [sqliteDocs],
  comparison: 'per-sequence',
});
