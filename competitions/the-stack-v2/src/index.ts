import { definePlugin, rowDataset, splitDataset } from '@assay/core';
import { fineWebEdu14b, fineWebEdu14bAutumn, theStackV2 } from './competitions.js';
import { stackDataset } from './stack-dataset.js';

export default definePlugin({
  apiVersion: 1,
  name: 'the-stack-v2',
  provides: {
    competitions: [theStackV2, fineWebEdu14b, fineWebEdu14bAutumn],
    datasets: {
      'bigcode/the-stack-v2-dedup': stackDataset,
      'bigcode/the-stack-dedup': rowDataset({
        dataset: 'bigcode/the-stack-dedup',
        lastOffset: 236_655_813,
        gated: true,
      }),
      'HuggingFaceFW/fineweb-edu-score-2': splitDataset({ dataset: 'HuggingFaceFW/fineweb-edu-score-2' }),
    },
  },
});
