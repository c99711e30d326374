import { definePlugin } from '@assay/core';
import { duelScheme } from './commitment/duel.js';
import { queue } from './entrants/queue.js';
import { ownerMark } from './entry/owner-mark.js';
import { safetensorsLayout } from './entry/safetensors-layout.js';
import { pairedBootstrap } from './match/paired-bootstrap.js';
import { duel, duelProfile } from './profiles/duel.js';
import { duelDemo, duelDemoProfile } from './profiles/duel-demo.js';
import { challenge } from './seed/challenge.js';
import { kingChain } from './standing/king-chain.js';

export default definePlugin({
  apiVersion: 1,
  name: 'duel',
  provides: {
    commitmentSchemes: [duelScheme],
    entryChecks: [safetensorsLayout, ownerMark],
    entrantsRules: [queue],
    seedRules: [challenge],
    matchRules: [pairedBootstrap],
    standingRules: [kingChain],
    competitions: [duel, duelDemo],
    profiles: { duel: duelProfile, 'duel-demo': duelDemoProfile },
  },
});
