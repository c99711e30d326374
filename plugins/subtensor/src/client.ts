import { asNetuid, type BlockNumber, type Netuid } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainClient,
  ChainConnection,
  ChainSnapshot,
  CommitmentReceipt,
  ValidatorIdentity,
  WeightsReceipt,
} from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { z } from 'zod';
import { subtensorErrors } from './errors.js';
import { readSnapshot } from './read/snapshot.js';
import { count } from './read/numbers.js';
import { answerAs, hash, headerJson, malformed } from './rpc/greeting.js';
import { MOST_BEHIND } from './rpc/connector.js';
import type { Link } from './rpc/link.js';
import type { Runtimes } from './runtime/runtimes.js';

/** Longest text that one field of a commitment holds as it is, in bytes (`Raw128`). */
const COMMITMENT_LIMIT = 128;

export interface SubtensorOptions {
  netuid: number;
  mechanism: number;
  /** Name of the network, for people. */
  network: string;
}

/** ChainClient over a node of a Subtensor network. */
export class SubtensorClient implements ChainClient {
  readonly description: string;
  readonly netuid: Netuid;
  readonly maxCommitmentBytes = COMMITMENT_LIMIT;
  /** Highest finalized block that any node has told of. */
  #final: BlockReference | undefined;

  constructor(
    private readonly options: SubtensorOptions,
    private readonly deps: { link: Link; runtimes: Runtimes; identity: () => Promise<ValidatorIdentity> },
  ) {
    this.description = options.network;
    this.netuid = asNetuid(options.netuid);
  }

  identity(): Promise<ValidatorIdentity> {
    return this.deps.identity();
  }

  /** The newest finalized block. It never goes back: a node that is a little behind another answers with the other's. */
  async head(signal: AbortSignal): Promise<BlockReference> {
    this.deps.link.requireBlocks();
    const found = await this.#header([await this.#ask(hash, 'chain_getFinalizedHead', [], signal)], signal);
    const known = this.#final;
    if (known && found.number < known.number && found.number >= known.number - MOST_BEHIND) {
      const there = await this.#ask(hash.nullable(), 'chain_getBlockHash', [known.number], signal);
      if (there === null || there === known.hash) return known;
    }
    this.#final = found;
    return found;
  }

  async blockHash(block: BlockNumber, signal: AbortSignal): Promise<string> {
    const found = await this.#ask(hash.nullable(), 'chain_getBlockHash', [block], signal);
    if (found === null) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
    return found;
  }

  async snapshot(signal: AbortSignal, at?: BlockReference): Promise<ChainSnapshot> {
    const { link, runtimes } = this.deps;
    const { netuid, mechanism, network: chain } = this.options;
    const block = at ?? (await this.head(signal));
    const snapshot = await readSnapshot({ netuid, mechanism, chain }, block, { link, runtimes }, signal);
    const { runtime } = await runtimes.at(block.hash, signal);
    link.blockTimeMs = blockTimeOf(runtime.constant('Aura', 'SlotDuration')?.toJSON()) ?? link.blockTimeMs;
    return snapshot;
  }

  async setWeights(): Promise<WeightsReceipt> {
    return Promise.reject(subtensorErrors.SUBMISSION_NOT_BUILT({ what: 'set weights' }));
  }

  async commit(): Promise<CommitmentReceipt> {
    return Promise.reject(subtensorErrors.SUBMISSION_NOT_BUILT({ what: 'commit' }));
  }

  async connection(signal: AbortSignal): Promise<ChainConnection> {
    const { link, runtimes } = this.deps;
    const { hash: newest } = await this.#newest(signal);
    const { runtime } = await runtimes.at(newest, signal);
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
    return Promise.resolve();
  }

  async #newest(signal: AbortSignal): Promise<BlockReference> {
    return this.#header([], signal);
  }

  /** Number and hash of a block; of the newest where no hash is given. */
  async #header(which: readonly string[], signal: AbortSignal): Promise<BlockReference> {
    const { number, parentHash } = await this.#ask(headerJson, 'chain_getHeader', which, signal);
    const found = which[0] ?? (await this.#ask(hash, 'chain_getBlockHash', [number], signal));
    if (found === parentHash) throw malformed('chain_getHeader', 'a block that is its own parent');
    return { number: asBlockNumber(number), hash: found };
  }

  async #ask<T>(schema: z.ZodType<T>, method: string, params: readonly unknown[], signal: AbortSignal): Promise<T> {
    const { link } = this.deps;
    const answer = await link.call(method, params, signal);
    try {
      return answerAs(schema, method, answer);
    } catch (error) {
      link.complain(error);
      throw error;
    }
  }
}

/** Aura's slots are the time between blocks. A day is none. */
function blockTimeOf(slot: unknown): number | undefined {
  const { data } = count.safeParse(slot);
  return data !== undefined && data > 0 && data <= 86_400_000 ? data : undefined;
}
