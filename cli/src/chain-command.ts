import { Flags } from '@oclif/core';
import { asBlockNumber, type Hotkey } from '@assay/core/contracts/brands';
import type { ChainClient, ChainConnection, ChainSnapshot, Neuron } from '@assay/core/contracts/chain-client';
import type { RoundJournal } from '@assay/core/contracts/round-journal';
import type { AssayError } from '@assay/core/errors/assay-error';
import type { buildContainer } from '@assay/core/composition/container';
import { BaseCommand, commonFlags } from './base-command.js';
import { keptWeights, type KeptWeights } from './chain/kept.js';

type Container = ReturnType<typeof buildContainer>;

const DEADLINE_MS = 120_000;

export const chainFlags = {
  ...commonFlags,
  at: Flags.integer({
    description: 'Look at this block instead of the head; nodes keep old ones only as archives.',
    min: 0,
  }),
};

/** The key of the configured chain; without one, why there is none. */
export interface Own {
  hotkey: Hotkey | null;
  /** null where the hotkey is not registered, or there is none. */
  neuron: Neuron | null;
  /** Why there is no hotkey; null when there is one. */
  missing: string | null;
}

export interface ChainLook {
  chain: ChainClient;
  snapshot: ChainSnapshot;
  own: Own;
  /** null of a client that has no connection. */
  connection: ChainConnection | null;
  /** What the data folder says of the own weights; null where it says nothing, or was not asked. */
  kept: KeptWeights | null;
}

/** Commands that look at the chain through the configured client, also beside a running validator. */
export abstract class ChainCommand extends BaseCommand {
  /** @throws DEADLINE, and whatever the client rejects with */
  protected async readChain(
    flags: Readonly<Record<string, unknown>> & { at?: number | undefined },
    { withJournal = false } = {},
  ): Promise<ChainLook> {
    const [{ buildContainer }, { CHAIN_CLIENT }, { withDeadline }, { runtimeErrors }] = await Promise.all([
      import('@assay/core/composition/container'),
      import('@assay/core/contracts/chain-client'),
      import('@assay/core/runtime/deadline'),
      import('@assay/core/runtime/errors'),
    ]);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const expired = (): AssayError => runtimeErrors.DEADLINE({ what: 'Reading the chain', ms: DEADLINE_MS });
    return withDeadline(DEADLINE_MS, new AbortController().signal, expired, async (signal) => {
      const container = buildContainer(surroundings, signal);
      const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
      const snapshot = await snapshotOf(chain, flags.at, signal);
      const own = await ownIn(chain, snapshot);
      const kept = withJournal ? await keptWeights(await journalIn(container), own.neuron) : null;
      return { chain, snapshot, own, kept, connection: (await chain.connection?.(signal)) ?? null };
    });
  }
}

/** Where no run has written one yet, there is none. */
async function journalIn(container: Container): Promise<RoundJournal | null> {
  const [{ ROUND_JOURNAL }, { toAssayError }] = await Promise.all([
    import('@assay/core/contracts/round-journal'),
    import('@assay/core/errors/describe'),
  ]);
  try {
    return await container.getAsync<RoundJournal>(ROUND_JOURNAL);
  } catch (error) {
    if (toAssayError(error).code === 'JOURNAL_MISSING') return null;
    throw error;
  }
}

async function snapshotOf(chain: ChainClient, at: number | undefined, signal: AbortSignal): Promise<ChainSnapshot> {
  if (at === undefined) return chain.snapshot(signal);
  const number = asBlockNumber(at);
  return chain.snapshot(signal, { number, hash: await chain.blockHash(number, signal) });
}

/** Looking at the chain needs no key. A key that is not configured is named in the answer; any other error is thrown. */
async function ownIn(chain: ChainClient, { neurons }: ChainSnapshot): Promise<Own> {
  const { toAssayError } = await import('@assay/core/errors/describe');
  try {
    const { hotkey } = await chain.identity();
    return { hotkey, neuron: neurons.find((neuron) => neuron.hotkey === hotkey) ?? null, missing: null };
  } catch (error) {
    const known = toAssayError(error);
    if (known.fault !== 'config') throw error;
    return { hotkey: null, neuron: null, missing: `${known.code}: ${known.message}` };
  }
}
