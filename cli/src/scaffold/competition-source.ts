/** Source of the competition that a new package begins with: the models and texts of the demo are within its limits. */
export const competitionSource = (name: string): string => `import type { Competition } from '@assay/core';

/** A file of this package. */
const asset = (path: string): string => decodeURIComponent(new URL(\`../assets/\${path}\`, import.meta.url).pathname);

export const competition: Competition = {
  // What miners commit to. On your own subnet: any number that none of its other competitions has.
  id: 1,
  name: '${name}',
  // Which models may take part.
  constraints: {
    minParameters: 100_000,
    maxParameters: 700_000,
    maxBytes: 4 * 1024 * 1024,
    architectures: ['LlamaForCausalLM', 'MistralForCausalLM', 'Qwen2ForCausalLM', 'GPT2LMHeadModel'],
    sequenceLength: 256,
  },
  tokenizer: { kind: 'folder', path: asset('tokenizer') },
  // A later model must be better by this share of the loss; how fast the advantage of the earlier one decays, in blocks.
  epsilon: { rule: 'linear-decay', start: 0.005, end: 0.0005, blocks: 2000 },
  tasks: [
    {
      name: 'texts',
      kind: 'text-loss',
      // For a dataset of the hub: dataset: 'huggingface-rows',
      // datasetOptions: { dataset: 'NAMESPACE/NAME', lastOffset: 1_000_000 }.
      dataset: 'local-text',
      datasetOptions: { path: asset('texts.jsonl'), pageRows: 5 },
      pages: 6,
      batchSize: 1,
      packSamples: true,
      maxBatches: 32,
      weight: 1,
      normalization: { type: 'none' },
    },
  ],
  match: { rule: 'mean-loss' },
  onDatasetFailure: 'skip-round',
};
`;
