/** An evaluator or an inspector that is a program of its own, and the messages that it speaks. */
export * from '../contracts/evaluator-protocol.js';
export { ProcessEvaluator, type ProcessEvaluatorOptions } from '../evaluation/process-evaluator.js';
export { ProcessInspector } from '../evaluation/process-inspector.js';
export type { ProcessOptions } from '../evaluation/process-client.js';
export { SampleReader } from '../evaluation/read-samples.js';
