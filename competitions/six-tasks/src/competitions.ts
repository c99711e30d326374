import { defineCompetition, type Competition, type EvalTask } from '@assay/core';

const GIB = 1024 ** 3;

const task = (name: string, dataset: string, pages: number, weight: number): EvalTask => ({
  name,
  kind: 'text-loss',
  dataset,
  pages,
  batchSize: 1,
  packSamples: true,
  maxBatches: 50,
  weight,
  normalization: { type: 'none' },
});

const tasks: readonly EvalTask[] = [
  task('FINEWEB', 'HuggingFaceFW/fineweb', 15, 0.3),
  task('FINEWEB_EDU2', 'HuggingFaceFW/fineweb-edu-score-2', 15, 0.25),
  task('STACKV2_DEDUP', 'bigcode/the-stack-v2-dedup', 30, 0.35),
  task('PES2OX', 'laion/Pes2oX-fulltext', 2, 0.05),
  task('FINEMATH_3P', 'HuggingFaceTB/finemath:finemath-3plus', 6, 0.03),
  task('INFIWEBMATH_3P', 'HuggingFaceTB/finemath:infiwebmath-3plus', 6, 0.02),
];

const architectures = [
  'MistralForCausalLM',
  'LlamaForCausalLM',
  'BartForCausalLM',
  'FalconForCausalLM',
  'GPTNeoXForCausalLM',
  'PhiForCausalLM',
  'GemmaForCausalLM',
  'Gemma2ForCausalLM',
  'Qwen2ForCausalLM',
];

/** Competition 2 of netuid 9 from January 2025 on. */
export const sixTasks3b: Competition = defineCompetition({
  id: 2,
  name: 'six-tasks-3b',
  constraints: {
    minParameters: 3_200_000_000,
    maxParameters: 3_400_000_000,
    maxBytes: 15 * GIB,
    architectures,
    sequenceLength: 4096,
  },
  // Of Xenova/gpt-4.
  tokenizer: { kind: 'builtin', name: 'cl100k_base' },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 },
  tasks,
  comparison: 'mean-loss',
  onDatasetFailure: 'skip-round',
});

/** Competition 4 of netuid 9 from January 2025 on. */
export const sixTasks14b: Competition = defineCompetition({
  ...sixTasks3b,
  id: 4,
  name: 'six-tasks-14b',
  constraints: {
    ...sixTasks3b.constraints,
    minParameters: 13_700_000_000,
    maxParameters: 13_900_000_000,
    maxBytes: 29 * GIB,
  },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 72_000 },
});

const fastDecay = { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 14_400 } as const;

/** Both from block 5,177,981 on, beside competition 6. */
export const sixTasks3bFast: Competition = defineCompetition({
  ...sixTasks3b,
  name: 'six-tasks-3b-fast-decay',
  epsilon: fastDecay,
});
export const sixTasks14bFast: Competition = defineCompetition({
  ...sixTasks14b,
  name: 'six-tasks-14b-fast-decay',
  epsilon: fastDecay,
});
