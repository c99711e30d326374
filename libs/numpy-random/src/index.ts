export { NumpyGenerator } from './numpy-generator.js';
export { textSeed } from './text-seed.js';
