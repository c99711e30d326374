import type { ChainClient, ChainSnapshot } from '@assay/core/contracts/chain-client';
import { BaseCommand } from './base-command.js';

/** Commands that look at the chain through the configured client, also beside a running validator. */
export abstract class ChainCommand extends BaseCommand {
  protected async readChain(
    flags: Readonly<Record<string, unknown>>,
  ): Promise<{ chain: ChainClient; snapshot: ChainSnapshot; hotkey: string }> {
    const [{ buildContainer }, { CHAIN_CLIENT }] = await Promise.all([
      import('@assay/core/composition/container'),
      import('@assay/core/contracts/chain-client'),
    ]);
    const signal = AbortSignal.timeout(60_000);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const chain = await buildContainer(surroundings, signal).getAsync<ChainClient>(CHAIN_CLIENT);
    const [snapshot, { hotkey }] = await Promise.all([chain.snapshot(signal), chain.identity()]);
    return { chain, snapshot, hotkey };
  }
}
