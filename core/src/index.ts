/** What authors of plugins and competitions need. The house's own packages import the modules themselves. */
export * from './contracts/brands.js';
export * from './contracts/chain-client.js';
export * from './contracts/clock.js';
export * from './contracts/dataset-provider.js';
export * from './contracts/epsilon-function.js';
export * from './contracts/evaluator.js';
export * from './contracts/logger.js';
export * from './contracts/model.js';
export * from './contracts/model-store.js';
export * from './contracts/round-journal.js';
export * from './contracts/task-kinds.js';
export * from './contracts/tokenizer.js';
export * from './competition/competition.js';
export * from './competition/profile.js';
export * from './errors/assay-error.js';
export * from './errors/define-errors.js';
export * from './plugin/plugin.js';
