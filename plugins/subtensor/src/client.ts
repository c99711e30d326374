import { asBlockNumber, asNetuid, type BlockNumber, type Netuid } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainClient,
  ChainConnection,
  ChainSnapshot,
  CommitmentReceipt,
  SubmissionFate,
  SubmissionTicket,
  ValidatorIdentity,
  WeightsReceipt,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { abortError } from '@assay/core/errors/describe';
import { z } from 'zod';
import { subtensorErrors } from './errors.js';
import type { Identity } from './identity.js';
import { readSnapshot } from './read/snapshot.js';
import { count } from './read/numbers.js';
import { answerAs, hash, headerJson, malformed } from './rpc/greeting.js';
import { headerOf, type BlockHeader } from './rpc/header.js';
import { MOST_BEHIND } from './rpc/heads.js';
import type { Link } from './rpc/link.js';
import type { Runtimes } from './runtime/runtimes.js';

/** Longest text that one field of a commitment holds as it is, in bytes (`Raw128`). */
const COMMITMENT_LIMIT = 128;
/** Block times for which a block that exists is waited for to become final; three are usual. */
const FINALITY_PATIENCE = 10;
/** Block times after which final blocks that are far older than one told of before are believed. */
const BACK_PATIENCE = 25;

interface SubtensorOptions {
  netuid: number;
  mechanism: number;
  /** Name of the network, for people. */
  network: string;
  /** Whether the time between blocks is the one that the runtime says. */
  learnBlockTime: boolean;
}

/** ChainClient over a node of a Subtensor network. */
export class SubtensorClient implements ChainClient {
  readonly description: string;
  readonly netuid: Netuid;
  readonly maxCommitmentBytes = COMMITMENT_LIMIT;
  readonly maxTimelockedBytes = 0;
  /** Highest finalized block that any node has told of. */
  #final: BlockReference | undefined;
  /** Since when nodes tell of final blocks far older than that. */
  #wentBackAt: number | undefined;

  constructor(
    private readonly options: SubtensorOptions,
    private readonly deps: { link: Link; runtimes: Runtimes; identity: Pick<Identity, 'get' | 'close'> },
  ) {
    this.description = options.network;
    this.netuid = asNetuid(options.netuid);
  }

  identity(): Promise<ValidatorIdentity> {
    return this.deps.identity.get();
  }

  /** The newest finalized block. It never goes back: a node that is a little behind another answers with the other's. */
  async head(signal: AbortSignal): Promise<BlockReference> {
    this.deps.link.requireBlocks();
    return this.#newest(signal);
  }

  /** Of a final block; one that is new is waited for. @throws BLOCK_UNKNOWN, BLOCK_NOT_FINAL */
  async blockHash(block: BlockNumber, signal: AbortSignal): Promise<string> {
    await this.#untilFinal(block, signal);
    const found = await this.#ask(hash.nullable(), 'chain_getBlockHash', [block], signal);
    // A node that is a little behind the one that has told of this head.
    if (found === null && block === this.#final?.number) return this.#final.hash;
    if (found === null) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
    const { number } = await this.#header(found, signal);
    if (number !== block) throw this.#complaint('chain_getBlockHash', `block ${number} in place of ${block}`);
    return found;
  }

  async snapshot(signal: AbortSignal, at?: BlockReference): Promise<ChainSnapshot> {
    const { link, runtimes } = this.deps;
    const { netuid, mechanism, network: chain } = this.options;
    const block = at ?? (await this.head(signal));
    const snapshot = await this.#usable(() =>
      readSnapshot({ netuid, mechanism, chain }, block, { link, runtimes }, signal),
    );
    const { runtime } = await runtimes.at(block.hash, signal);
    const slot = blockTimeOf(runtime.constant('Aura', 'SlotDuration')?.toJSON());
    if (this.options.learnBlockTime && slot !== undefined) link.blockTimeMs = slot;
    return snapshot;
  }

  async setWeights(_submission: WeightsSubmission, signal: AbortSignal): Promise<WeightsReceipt> {
    return this.#submit('set weights', signal);
  }

  async weightsFate(_ticket: SubmissionTicket, signal: AbortSignal): Promise<SubmissionFate> {
    return this.#submit('look for weights', signal);
  }

  async commit(_text: string, signal: AbortSignal): Promise<CommitmentReceipt> {
    return this.#submit('commit', signal);
  }

  async connection(signal: AbortSignal): Promise<ChainConnection> {
    const { link, runtimes } = this.deps;
    // Also where no block has come for long: then most of all somebody wants to see this.
    const { runtime } = await runtimes.at((await this.#newest(signal)).hash, signal);
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

  async #submit(what: string, signal: AbortSignal): Promise<never> {
    if (signal.aborted) throw abortError();
    return Promise.reject(subtensorErrors.SUBMISSION_NOT_BUILT({ what }));
  }

  async #newest(signal: AbortSignal): Promise<BlockReference> {
    const final = await this.#ask(hash, 'chain_getFinalizedHead', [], signal);
    const { number } = await this.#header(final, signal);
    const newest = this.deps.link.head ?? number;
    // A node can't have made a block final that it does not have.
    if (number > newest + MOST_BEHIND)
      throw this.#complaint('chain_getFinalizedHead', `block ${number}, where the newest is ${newest}`);
    const known = this.#final;
    if (known && number < known.number && (await this.#isOnlyBehind(known, number, signal))) return known;
    this.#wentBackAt = undefined;
    this.#final = { number: asBlockNumber(number), hash: final };
    return this.#final;
  }

  /**
   * Whether a node that tells of an older final block than `known` merely lags. Far behind, its answers are not used,
   * unless no node has told of a newer one for so long that the newer one was a lie or has been undone.
   * @throws ANSWER_MALFORMED
   */
  async #isOnlyBehind(known: BlockReference, number: number, signal: AbortSignal): Promise<boolean> {
    if (number >= known.number - MOST_BEHIND) return true;
    const there = await this.#ask(hash.nullable(), 'chain_getBlockHash', [known.number], signal);
    if (there === known.hash) return true;
    this.#wentBackAt ??= performance.now();
    if (performance.now() - this.#wentBackAt > BACK_PATIENCE * this.deps.link.blockTimeMs) return false;
    throw this.#complaint('chain_getFinalizedHead', `block ${number}, where ${known.number} was final already`);
  }

  /** Waits until this block is final, several block times at most. */
  async #untilFinal(block: number, signal: AbortSignal): Promise<void> {
    const { link } = this.deps;
    const started = performance.now();
    for (;;) {
      if (block <= (this.#final?.number ?? -1)) return;
      const { number: final } = await this.head(signal);
      if (block <= final) return;
      const { number: newest } = await this.#ask(headerJson, 'chain_getHeader', [], signal);
      if (block > newest) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
      if (performance.now() - started > FINALITY_PATIENCE * link.blockTimeMs)
        throw subtensorErrors.BLOCK_NOT_FINAL({ block, final });
      await wait(link.blockTimeMs / 4, signal, link.closing);
    }
  }

  /** The header behind a hash, which it has to come to. */
  async #header(block: string, signal: AbortSignal): Promise<BlockHeader> {
    const answer = await this.deps.link.call('chain_getHeader', [block], signal);
    if (answer === null) throw subtensorErrors.BLOCK_UNKNOWN({ block });
    return this.#usable(() => headerOf(block, answer));
  }

  /** An answer that can't be used counts against the connection; what the link itself has refused is counted already. */
  async #usable<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (isAssayError(error) && error.code === 'ANSWER_MALFORMED') this.deps.link.complain(error);
      throw error;
    }
  }

  #complaint(method: string, reason: string): AssayError {
    const error = malformed(method, reason);
    this.deps.link.complain(error);
    return error;
  }

  async #ask<T>(schema: z.ZodType<T>, method: string, params: readonly unknown[], signal: AbortSignal): Promise<T> {
    const { link } = this.deps;
    const answer = await link.call(method, params, signal);
    return this.#usable(() => answerAs(schema, method, answer));
  }
}

/** Aura's slots are the time between blocks. A day is none. */
function blockTimeOf(slot: unknown): number | undefined {
  const { data } = count.safeParse(slot);
  return data !== undefined && data > 0 && data <= 86_400_000 ? data : undefined;
}

/** @throws ABORTED, and CHAIN_CLOSED when the client is closed meanwhile */
async function wait(ms: number, signal: AbortSignal, closing: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted || closing.aborted;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const each of [signal, closing]) each.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const each of [signal, closing]) each.addEventListener('abort', done);
    if (isOver()) done();
  });
  if (signal.aborted) throw abortError();
  if (closing.aborted) throw subtensorErrors.CHAIN_CLOSED({});
}
