/** What evaluators, competitions, profiles, datasets and rules are checked with, for the tests of a package. */
export * from '../testing/chain-conformance.js';
export * from '../testing/evaluator-conformance.js';
export * from '../testing/plugin-conformance.js';
export * from '../testing/rule-checks.js';
export { makesNothing } from '../testing/makes-nothing.js';
