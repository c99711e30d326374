/** For datasets and sources of rows: loaders over a source of rows, kept samples, errors, and the options of a service. */
export { endpointOption, requireAddress } from '../datasets/endpoint.js';
export { datasetErrors } from '../datasets/errors.js';
export { asDataset } from '../datasets/document-dataset.js';
export { OffsetLoader, type OffsetLoaderOptions } from '../datasets/offset-loader.js';
export { SplitLoader, type SplitLoaderOptions } from '../datasets/split-loader.js';
export type { RowText } from '../datasets/page-reader.js';
export * from '../datasets/row-dataset.js';
