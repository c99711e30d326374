/** What evaluators, competitions, profiles and datasets are checked with, for the tests of a package. */
export * from '../testing/evaluator-conformance.js';
export * from '../testing/plugin-conformance.js';
