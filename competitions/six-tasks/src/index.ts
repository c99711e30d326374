import { definePlugin, rowDataset, splitDataset } from '@assay/core';
import { sixTasks14b, sixTasks14bFast, sixTasks3b, sixTasks3bFast } from './competitions.js';

const finemath = { dataset: 'HuggingFaceTB/finemath' };

export default definePlugin({
  apiVersion: 1,
  name: 'six-tasks',
  provides: {
    competitions: [sixTasks3b, sixTasks14b, sixTasks3bFast, sixTasks14bFast],
    datasets: {
      'HuggingFaceFW/fineweb': splitDataset({ dataset: 'HuggingFaceFW/fineweb' }),
      'laion/Pes2oX-fulltext': rowDataset({
        dataset: 'laion/Pes2oX-fulltext',
        config: 'pes2ov2',
        lastOffset: 8_242_000,
      }),
      'HuggingFaceTB/finemath:finemath-3plus': rowDataset({
        ...finemath,
        config: 'finemath-3plus',
        lastOffset: 21_400_000,
      }),
      'HuggingFaceTB/finemath:infiwebmath-3plus': rowDataset({
        ...finemath,
        config: 'infiwebmath-3plus',
        lastOffset: 13_900_000,
      }),
    },
  },
});
