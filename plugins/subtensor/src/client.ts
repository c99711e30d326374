import { asNetuid, type BlockNumber, type Netuid } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainClient,
  ChainConnection,
  ChainSnapshot,
  CommitmentOptions,
  CommitmentReceipt,
  SubmissionFate,
  SubmissionTicket,
  ValidatorIdentity,
  WeightsReceipt,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import type { Log } from '@assay/core/contracts/logger';
import { abortError } from '@assay/core/errors/describe';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { Identity } from './identity.js';
import { count } from './read/numbers.js';
import { readSnapshot } from './read/snapshot.js';
import { FinalBlocks } from './rpc/final-blocks.js';
import type { Link } from './rpc/link.js';
import type { Runtimes } from './runtime/runtimes.js';
import { LONGEST_RAW, LONGEST_TIMELOCKED, Committer } from './submit/commitment.js';
import { Finder } from './submit/find.js';
import { Sender } from './submit/sender.js';
import { weightsDraft } from './submit/weights.js';

interface SubtensorOptions {
  netuid: number;
  mechanism: number;
  /** Name of the network, for people. */
  network: string;
  /** Whether the time between blocks is the one that the runtime says. */
  learnBlockTime: boolean;
}

interface ClientDeps {
  link: Link;
  runtimes: Runtimes;
  identity: Pick<Identity, 'get' | 'key' | 'close'>;
  log: Log;
}

/** ChainClient over a node of a Subtensor network. */
export class SubtensorClient implements ChainClient {
  readonly description: string;
  readonly netuid: Netuid;
  readonly maxCommitmentBytes = LONGEST_RAW;
  readonly maxTimelockedBytes = LONGEST_TIMELOCKED;
  readonly #blocks: FinalBlocks;
  readonly #finder: Finder;
  readonly #sender: Sender;
  readonly #committer: Committer;

  constructor(
    private readonly options: SubtensorOptions,
    private readonly deps: ClientDeps,
  ) {
    const { netuid, mechanism, network } = options;
    const { link, runtimes, identity, log } = deps;
    this.description = network;
    this.netuid = asNetuid(netuid);
    const blocks = new FinalBlocks(link);
    this.#blocks = blocks;
    this.#finder = new Finder({ link, runtimes, blocks }, async () => {
      const { hotkey } = await identity.get();
      return { genesis: link.genesis ?? '', netuid, mechanism, hotkey };
    });
    const key: Identity['key'] = () => identity.key();
    this.#sender = new Sender({ netuid, mechanism }, { link, runtimes, blocks, finder: this.#finder, key, log });
    this.#committer = new Committer(netuid, { link, runtimes, sender: this.#sender, key, log });
  }

  identity(): Promise<ValidatorIdentity> {
    return this.deps.identity.get();
  }

  /** The newest finalized block. It never goes back: a node that is a little behind another answers with the other's. */
  head(signal: AbortSignal): Promise<BlockReference> {
    return this.#blocks.head(signal);
  }

  /** Of a final block; one that is new is waited for. @throws BLOCK_UNKNOWN, BLOCK_NOT_FINAL */
  blockHash(block: BlockNumber, signal: AbortSignal): Promise<string> {
    return this.#blocks.hashOf(block, signal);
  }

  async snapshot(signal: AbortSignal, at?: BlockReference): Promise<ChainSnapshot> {
    const { link, runtimes } = this.deps;
    const { netuid, mechanism, network: chain } = this.options;
    const block = at ?? (await this.head(signal));
    const snapshot = await this.#blocks.usable(() =>
      readSnapshot({ netuid, mechanism, chain }, block, { link, runtimes }, signal),
    );
    const { runtime } = await runtimes.at(block.hash, signal);
    const slot = blockTimeOf(runtime.constant('Aura', 'SlotDuration')?.toJSON());
    if (this.options.learnBlockTime && slot !== undefined) link.blockTimeMs = slot;
    return snapshot;
  }

  async setWeights(
    submission: WeightsSubmission,
    signal: AbortSignal,
    keep: (ticket: SubmissionTicket) => Promise<void>,
  ): Promise<WeightsReceipt> {
    if (signal.aborted) throw abortError();
    const make = (): Promise<ReturnType<typeof weightsDraft>> =>
      Promise.resolve(weightsDraft(submission, this.options));
    const { at } = await this.#sender.send(make, keep, signal);
    return { at, mode: 'set' };
  }

  async weightsFate(ticket: SubmissionTicket, signal: AbortSignal): Promise<SubmissionFate> {
    const found = await this.#finder.find(ticket, signal);
    if (found.status === 'landed') return { status: 'set', at: found.at };
    return found.status === 'open' ? { ...found, lastBlock: asBlockNumber(found.lastBlock) } : found;
  }

  async commit(text: string, signal: AbortSignal, options: CommitmentOptions = {}): Promise<CommitmentReceipt> {
    if (signal.aborted) throw abortError();
    return this.#committer.commit(text, signal, options);
  }

  async connection(signal: AbortSignal): Promise<ChainConnection> {
    const { link, runtimes } = this.deps;
    // Also where no block has come for long: then most of all somebody wants to see this.
    const { runtime } = await runtimes.at((await this.#blocks.newest(signal)).hash, signal);
    return {
      endpoints: link.endpoints,
      runtime: runtime.name,
      genesis: link.genesis ?? '',
      blockTimeMs: link.blockTimeMs,
      sinceHeadMs: link.sinceHeadMs,
    };
  }

  async close(): Promise<void> {
    this.deps.link.close();
    await this.deps.identity.close();
  }
}

/** Aura's slots are the time between blocks. A day is none. */
function blockTimeOf(slot: unknown): number | undefined {
  const { data } = count.safeParse(slot);
  return data !== undefined && data > 0 && data <= 86_400_000 ? data : undefined;
}
