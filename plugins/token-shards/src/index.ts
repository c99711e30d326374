import type { DatasetProvider } from '@assay/core/contracts/dataset-provider';
import { definePlugin, type DatasetDeps, type DatasetImplementation } from '@assay/core/plugin/plugin';
import { credentialsFor, DATASET, shardOptions, type ShardOptions } from './options.js';

const tokenShards: DatasetImplementation<ShardOptions> = {
  options: shardOptions,
  credentials: credentialsFor,
  async create(options: ShardOptions, deps: DatasetDeps): Promise<DatasetProvider> {
    const { TokenShards } = await import('./dataset.js');
    return new TokenShards(options, deps);
  },
};

export default definePlugin({
  apiVersion: 1,
  name: 'token-shards',
  provides: { datasets: { [DATASET]: tokenShards } },
});
