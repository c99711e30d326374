import type { Container } from 'inversify';
import type { SeedRule } from '@assay/core/contracts/seed-rule';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { CHAIN_CLIENT, type ChainClient } from '@assay/core/contracts/chain-client';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { runtimeErrors } from '@assay/core/runtime/errors';

const DEADLINE_MS = 60_000;
/** Shows how a model does where there is no chain; no validator scores on its samples. */
const FIXED_SEED = 1n;

interface ChainNow {
  seed: bigint;
  /** For people. */
  seedSource: string;
  /** Newest block; absent where no chain could be read. */
  block?: number;
}

/**
 * What a round would take from the chain now. Without a chain all of it has a stand-in: a miner need not have one.
 * @param seedAt the seed rule in force at a block
 */
export async function chainNow(
  container: Container,
  seedAt: (block: number) => SeedRule,
  given: bigint | undefined,
  signal: AbortSignal,
): Promise<ChainNow> {
  const expired = (): AssayError => runtimeErrors.DEADLINE({ what: 'Reading the chain', ms: DEADLINE_MS });
  try {
    return await withDeadline(DEADLINE_MS, signal, expired, async (inner) => {
      const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
      const { number: block } = await chain.head(inner);
      if (given !== undefined) return { seed: given, seedSource: 'given', block };
      const [rule, round] = [seedAt(block), { block, contenders: [], incumbents: [], repetition: 1 }];
      const syncBlock = rule.blockOf(round);
      return {
        seed: rule.seedOf(await chain.blockHash(asBlockNumber(syncBlock), inner), round),
        seedSource: `block ${syncBlock}`,
        block,
      };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (given !== undefined) return { seed: given, seedSource: 'given' };
    return { seed: FIXED_SEED, seedSource: `fixed, for no chain could be read: ${toAssayError(error).code}` };
  }
}
