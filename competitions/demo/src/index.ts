import { definePlugin } from '@assay/core';
import { demoDocs, demoMatches } from './competitions.js';
import { demoProfile } from './profile.js';

export default definePlugin({
  apiVersion: 1,
  name: 'demo',
  provides: { competitions: [demoDocs, demoMatches], profiles: { demo: demoProfile } },
});
