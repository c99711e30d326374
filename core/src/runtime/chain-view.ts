import type { ChainClient, ChainSnapshot, Neuron } from '../contracts/chain-client.js';
import type { Hotkey } from '../contracts/brands.js';
import { runtimeErrors } from './errors.js';
import { withDeadline } from './deadline.js';

/**
 * The newest snapshot of the subnet. Commitments and metagraph always come from the same block; who needs them fresh
 * asks for a refresh, who needs them at all takes `current`.
 */
export class ChainView {
  #snapshot: ChainSnapshot | undefined;

  constructor(
    private readonly options: { deadlineMs: number },
    private readonly deps: { chain: ChainClient },
  ) {}

  /** The newest snapshot; before the first refresh there is none and this throws. */
  get current(): ChainSnapshot {
    if (!this.#snapshot) throw new Error('the chain view is read before its first refresh');
    return this.#snapshot;
  }

  async refresh(signal: AbortSignal): Promise<ChainSnapshot> {
    const { deadlineMs } = this.options;
    this.#snapshot = await withDeadline(
      deadlineMs,
      signal,
      () => runtimeErrors.DEADLINE({ what: 'Reading the metagraph', ms: deadlineMs }),
      (inner) => this.deps.chain.snapshot(inner),
    );
    return this.#snapshot;
  }

  neuronOf(hotkey: string): Neuron | undefined {
    return this.current.neurons.find((neuron) => neuron.hotkey === (hotkey as Hotkey));
  }
}
