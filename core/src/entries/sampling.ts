/** For a dataset that draws and packs tokens itself. */
export * from '../sampling/packing.js';
export { PythonRandom } from '../sampling/python-random.js';
