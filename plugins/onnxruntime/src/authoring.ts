/**
 * What a module needs that adds an architecture: `import { ... } from '@assay/plugin-onnxruntime/architecture'`. Its
 * default export is an Architecture; a plugin names it under `provides.modules.onnxruntime`.
 */
export type { Library } from './library.js';
export type {
  Architecture,
  ArchitectureOf,
  AttentionRule,
  ExpectedTensor,
  Inputs,
  RunShape,
} from './architectures/architecture.js';
export { keysInWindow, linearTensors, normTensors } from './architectures/architecture.js';
export { buildDecoder } from './architectures/decoder.js';
export { decoderTensors, type DecoderShape } from './architectures/decoder-shape.js';
export { decoderFamily, divisible } from './architectures/decoder-family.js';
export * from './architectures/fields.js';
export { activation } from './blocks/activation.js';
export { attention, byRow, type AttentionShape } from './blocks/attention.js';
export { embedding, positionEmbedding } from './blocks/embedding.js';
export { splitHeads } from './blocks/fused-projection.js';
export type { Head } from './blocks/head.js';
export { conv1d, layer, linear, type Rows } from './blocks/linear.js';
export { gatedMlp, type MlpNames } from './blocks/mlp.js';
export { layerNorm, rmsNorm, rmsNormOfHeads } from './blocks/norm.js';
export { rotaryTable, rotate, type RopeScaling, type RotaryConfig, type RotaryTable } from './blocks/rotary.js';
export type { GraphBuilder } from './onnx/graph-builder.js';
