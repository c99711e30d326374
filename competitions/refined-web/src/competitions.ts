import { defineCompetition, type Competition } from '@assay/core';

const GIB = 1024 ** 3;

/** Competition 2 of netuid 9 from block 4,453,709 on (December 2024). */
export const refinedWeb: Competition = defineCompetition({
  id: 2,
  name: 'refined-web',
  constraints: {
    minParameters: 3_200_000_000,
    maxParameters: 3_400_000_000,
    maxBytes: 15 * GIB,
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
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0002, blocks: 28_800 },
  tasks: [
    {
      name: 'FALCON',
      kind: 'text-loss',
      dataset: 'tiiuae/falcon-refinedweb',
      pages: 22,
      batchSize: 1,
      packSamples: true,
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  comparison: 'mean-loss',
  onDatasetFailure: 'skip-round',
});

/** Competition 2 before: the same models on the same data, an advantage that decays more slowly. */
export const refinedWebAutumn: Competition = defineCompetition({
  ...refinedWeb,
  name: 'refined-web-autumn-2024',
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 },
});

/** Competition 1 of netuid 9, until block 4,453,709. */
export const refinedWeb772m: Competition = defineCompetition({
  ...refinedWeb,
  id: 1,
  name: 'refined-web-772m',
  constraints: {
    minParameters: 572_000_000,
    maxParameters: 772_000_000,
    maxBytes: 5 * GIB,
    architectures: [
      'GPT2LMHeadModel',
      'MistralForCausalLM',
      'LlamaForCausalLM',
      'BartForCausalLM',
      'FalconForCausalLM',
      'GPTNeoXForCausalLM',
      'GPTJForCausalLM',
      'Qwen2ForCausalLM',
    ],
    sequenceLength: 1024,
  },
  tokenizer: { kind: 'hub', repo: 'distilbert/distilgpt2', revision: 'main' },
  epsilon: { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 50_400 },
});
