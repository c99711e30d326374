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
import { isAssayError } from '@assay/core/errors/assay-error';
import { abortError } from '@assay/core/errors/describe';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { Identity } from './identity.js';
import { readSnapshot } from './read/snapshot.js';
import { FinalBlocks } from './rpc/final-blocks.js';
import type { Link } from './rpc/link.js';
import { blockTimeOf } from './runtime/block-time.js';
import type { Runtimes } from './runtime/runtimes.js';
import { LONGEST_RAW, LONGEST_TIMELOCKED, Committer } from './submit/commitment.js';
import { Finder } from './submit/find.js';
import { Sender } from './submit/sender.js';
import type { PlaceDeps } from './submit/place.js';
import { Reveals } from './submit/reveal-fate.js';
import { revealDraft } from './submit/reveal-send.js';
import { readTicket } from './submit/ticket.js';
import { weightsDraft } from './submit/weights.js';
import { weightsErrors } from './submit/weights-errors.js';
import { revealOf, weightsFacts } from './submit/weights-facts.js';

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
  readonly #place: PlaceDeps;
  readonly #reveals: Reveals;

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
    this.#place = { place: { netuid, mechanism, chain: network }, link, runtimes };
    this.#reveals = new Reveals({ ...this.#place, blocks, log });
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
    const slot = blockTimeOf(runtime);
    if (this.options.learnBlockTime && slot !== undefined) link.blockTimeMs = slot;
    return snapshot;
  }

  async setWeights(
    submission: WeightsSubmission,
    signal: AbortSignal,
    keep: (ticket: SubmissionTicket) => Promise<void>,
  ): Promise<WeightsReceipt> {
    if (signal.aborted) throw abortError();
    const { hotkey } = await this.identity();
    const make = weightsDraft(submission, hotkey, this.#place);
    const { at, facts } = await this.#sender.send(make, keep, signal);
    const sent = weightsFacts(facts);
    return sent.kind === 'set' ? { at, mode: 'set' } : { at, mode: 'committed', reveal: revealOf(sent) };
  }

  async weightsFate(ticket: SubmissionTicket, signal: AbortSignal): Promise<SubmissionFate> {
    const found = await this.#finder.find(ticket, signal);
    if (found.status === 'open') return { ...found, lastBlock: asBlockNumber(found.lastBlock) };
    if (found.status !== 'landed') return found;
    const { hotkey, facts: kept } = readTicket(ticket);
    const facts = weightsFacts(kept);
    const { at } = found;
    return facts.kind === 'set' ? { status: 'set', at } : this.#reveals.fate({ at, hotkey, facts }, signal);
  }

  /** Weights whose commit the chain opens by itself are waited for only. @throws what the chain refuses, by its own name */
  async revealWeights(ticket: SubmissionTicket, signal: AbortSignal): Promise<BlockReference> {
    const { hotkey, facts: kept } = readTicket(ticket);
    const facts = weightsFacts(kept);
    const revealedAt = async (): Promise<BlockReference | undefined> => {
      const fate = await this.weightsFate(ticket, signal);
      return fate.status === 'revealed' ? fate.revealedAt : undefined;
    };
    const before = await revealedAt();
    if (before) return before;
    if (facts.kind !== 'hash') throw weightsErrors.REVEAL_NOT_OURS({ kind: facts.kind });
    try {
      // The reveal of the same commit is refused a second time, so that nobody has to find it again.
      const keep = (): Promise<void> => Promise.resolve();
      return (await this.#sender.send(revealDraft(facts, hotkey, this.#place), keep, signal)).at;
    } catch (error) {
      const after = isAssayError(error) && error.fault === 'chain' ? await revealedAt() : undefined;
      if (after) return after;
      throw error;
    }
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
