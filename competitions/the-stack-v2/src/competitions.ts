import { defineCompetition, type Competition, type EvalTask } from '@assay/core';

const GIB = 1024 ** 3;

const task: Pick<EvalTask, 'kind' | 'batchSize' | 'packSamples' | 'normalization'> = {
  kind: 'text-loss',
  batchSize: 1,
  packSamples: true,
  normalization: { type: 'none' },
};

const web: EvalTask = {
  ...task,
  name: 'FINEWEB_EDU2',
  dataset: 'HuggingFaceFW/fineweb-edu-score-2',
  pages: 22,
  weight: 1,
};
const code: EvalTask = { ...task, name: 'STACKV2_DEDUP', dataset: 'bigcode/the-stack-v2-dedup', pages: 9, weight: 1 };

/** Competition 4 of netuid 9 from block 4,453,709 on (December 2024). */
export const fineWebEdu14b: Competition = defineCompetition({
  id: 4,
  name: 'fineweb-edu-14b',
  constraints: {
    minParameters: 13_700_000_000,
    maxParameters: 13_900_000_000,
    maxBytes: 29 * GIB,
    architectures: [
      'MistralForCausalLM',
      'LlamaForCausalLM',
      'BartForCausalLM',
      'FalconForCausalLM',
      'GPTNeoXForCausalLM',
      'PhiForCausalLM',
      'GemmaForCausalLM',
      'Gemma2ForCausalLM',
      'Qwen2ForCausalLM',
    ],
    sequenceLength: 4096,
  },
  // Of Xenova/gpt-4.
  tokenizer: { kind: 'builtin', name: 'cl100k_base' },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0002, blocks: 36_000 },
  tasks: [web],
  comparison: 'mean-loss',
  onDatasetFailure: 'skip-round',
});

/** Competition 4 before: an advantage that decays more slowly. */
export const fineWebEdu14bAutumn: Competition = defineCompetition({
  ...fineWebEdu14b,
  name: 'fineweb-edu-14b-autumn-2024',
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 },
});

/** Competition 5: the models of competition 4, on its pages and on code; the mean goes over all sequences of both. */
export const theStackV2: Competition = defineCompetition({
  ...fineWebEdu14b,
  id: 5,
  name: 'the-stack-v2',
  judges: [4],
  tasks: [web, code].map((one) => ({ ...one, weight: 'samples' })),
});
