/**
 * What a module needs that adds an architecture: `import { ... } from '@assay/plugin-onnxruntime/architecture'`. Its
 * default export is an Architecture, or a function that gives it for a version of the library; a plugin names it under
 * `provides.modules.onnxruntime` (docs/build/architecture.md).
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
export {
  expertNames,
  expertTensors,
  requireExperts,
  type ExpertNaming,
  type LayerExperts,
} from './architectures/decoder-experts.js';
export { decoderTensors, type DecoderShape } from './architectures/decoder-shape.js';
export {
  decoderFamily,
  divisible,
  grouped,
  headDimensionOf,
  sharedKeys,
  type DecoderKeys,
  type FamilyMember,
} from './architectures/decoder-family.js';
export {
  activationName,
  cap,
  complain,
  DEMANDED,
  demandTypes,
  epsilon,
  flag,
  flagOrNull,
  heads,
  layers,
  optional,
  size,
  theta,
  unread,
  withNames,
} from './architectures/fields.js';
export { layerTypes, windowSize, windowsOf, type LayerType } from './architectures/layer-types.js';
export { ropeByLayerType } from './architectures/rope-by-layer-type.js';
export { ropeKeys, type RopeNames } from './architectures/rope-keys.js';
export {
  requireWholeHeads,
  ropeScaling,
  scalingOf,
  wholeHeadRotary,
  wholeShare,
  type RawScaling,
  type RopeConfig,
} from './architectures/rope.js';
export { activation } from './blocks/activation.js';
export { attention, byRow, type AttentionShape } from './blocks/attention.js';
export { embedding, positionEmbedding } from './blocks/embedding.js';
export { experts, type ExpertNames, type Experts } from './blocks/experts.js';
export { splitHeads } from './blocks/fused-projection.js';
export type { Head } from './blocks/head.js';
export { conv1d, layer, linear, type Rows } from './blocks/linear.js';
export { gatedMlp, type MlpNames } from './blocks/mlp.js';
export { layerNorm, rmsNorm, rmsNormOfHeads } from './blocks/norm.js';
export { rotaryTable, rotate, type RopeScaling, type RotaryConfig, type RotaryTable } from './blocks/rotary.js';
export type { GraphBuilder } from './graph/graph-builder.js';
