/**
 * What a module needs that adds an architecture: `import { ... } from '@assay/plugin-onnxruntime/architecture'`. Its
 * default export is an Architecture, or a function that gives it for a version of the library; a plugin names it under
 * `provides.modules`, for each engine that shall know it (docs/build/architecture.md).
 */
export * from '@assay/lib-model-graph/architecture';
