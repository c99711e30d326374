import type { ContractName } from '@assay/core/plugin/contracts';

/** Packages that come with the validator, by the name that `use` says; imported only when the config needs them. */
export const IMPLEMENTATIONS: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  'local-chain': () => import('@assay/plugin-local-chain'),
  'local-files': () => import('@assay/plugin-local-files'),
  'token-shards': () => import('@assay/plugin-token-shards'),
  tokenizers: () => import('@assay/plugin-tokenizers'),
  onnxruntime: () => import('@assay/plugin-onnxruntime'),
  pool: () => import('@assay/plugin-pool'),
  torch: () => import('@assay/plugin-torch'),
  process: () => import('@assay/plugin-process-evaluator'),
  huggingface: () => import('@assay/plugin-huggingface'),
  oci: () => import('@assay/plugin-oci'),
  subtensor: () => import('@assay/plugin-subtensor'),
  several: () => import('@assay/plugin-several-sources'),
  'libsql-journal': () => import('@assay/plugin-libsql-journal'),
  reporters: () => import('@assay/plugin-reporters'),
};

/** Plugins that bring datasets or reporters: they are loaded whatever the config chooses. */
export const ALWAYS_LOADED: readonly string[] = ['local-files', 'huggingface', 'token-shards', 'reporters'];

/** What a config file that is silent means: the subnet, and the implementation of each contract. */
export const DEFAULTS: Readonly<{ subnet: string } & Record<ContractName, { use: string }>> = {
  subnet: 'demo',
  chain: { use: 'local-chain' },
  store: { use: 'local-files' },
  publisher: { use: 'huggingface' },
  evaluator: { use: 'onnxruntime' },
  inspector: { use: 'onnxruntime' },
  tokenizer: { use: 'tokenizers' },
  rows: { use: 'huggingface' },
  journal: { use: 'libsql-journal' },
};

/** Implementations that are the default of their contract where a flag or a variable sets one of their options. */
export const NAMED_DEFAULTS: Readonly<Partial<Record<ContractName, readonly string[]>>> = { chain: ['subtensor'] };

/** Packages of competitions and profiles: plain data, always looked at. */
export const COMPETITIONS: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  '@assay/competition-demo': () => import('@assay/competition-demo'),
  '@assay/competition-duel': () => import('@assay/competition-duel'),
  '@assay/competition-pretraining': () => import('@assay/competition-pretraining'),
  '@assay/competition-refined-web': () => import('@assay/competition-refined-web'),
  '@assay/competition-the-stack-v2': () => import('@assay/competition-the-stack-v2'),
  '@assay/competition-six-tasks': () => import('@assay/competition-six-tasks'),
};
