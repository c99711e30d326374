import { definePlugin, rowDataset } from '@assay/core';
import { refinedWeb, refinedWeb772m, refinedWebAutumn } from './competitions.js';

export default definePlugin({
  apiVersion: 1,
  name: 'refined-web',
  provides: {
    competitions: [refinedWeb, refinedWebAutumn, refinedWeb772m],
    datasets: {
      'tiiuae/falcon-refinedweb': rowDataset({ dataset: 'tiiuae/falcon-refinedweb', lastOffset: 968_000_015 }),
    },
  },
});
