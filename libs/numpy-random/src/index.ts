export { NumpyGenerator } from './numpy-generator.js';
