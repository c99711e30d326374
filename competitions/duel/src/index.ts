import { definePlugin } from '@assay/core';
import { queue } from './entrants/queue.js';

export default definePlugin({ apiVersion: 1, name: 'duel', provides: { entrantsRules: [queue] } });
