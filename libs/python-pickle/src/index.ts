export { pickleErrors } from './errors.js';
export { enumeration, record, type AllowedGlobals } from './globals.js';
export { PyRecord, PyTensor, type PyValue } from './values.js';
export { readPickles } from './read-pickles.js';
export { readTorchFile } from './read-torch-file.js';
