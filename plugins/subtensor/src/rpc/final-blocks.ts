import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference } from '@assay/core/contracts/chain-client';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import type { z } from 'zod';
import { subtensorErrors } from '../errors.js';
import { answerAs, hash, headerJson, malformed } from './greeting.js';
import { headerOf, type BlockHeader } from './header.js';
import { MOST_BEHIND } from './heads.js';
import type { Link } from './link.js';
import { wait } from './wait.js';

/** Block times for which a block that exists is waited for to become final; three are usual. */
const FINALITY_PATIENCE = 10;
/** Block times after which final blocks that are far older than one told of before are believed. */
const BACK_PATIENCE = 25;

/** The blocks that can't be undone, as a link to one node after another tells of them. */
export class FinalBlocks {
  /** Highest finalized block that any node has told of. */
  #final: BlockReference | undefined;
  /** Since when nodes tell of final blocks far older than that. */
  #wentBackAt: number | undefined;

  constructor(private readonly link: Link) {}

  /**
   * The newest finalized block. It never goes back: a node that is a little behind another answers with the other's.
   * @throws CHAIN_STALLED when no block has come for long
   */
  async head(signal: AbortSignal): Promise<BlockReference> {
    this.link.requireBlocks();
    return this.newest(signal);
  }

  /** Of a final block; one that is new is waited for. @throws BLOCK_UNKNOWN, BLOCK_NOT_FINAL */
  async hashOf(block: number, signal: AbortSignal): Promise<string> {
    const isToldNow = await this.#untilFinal(block, signal);
    const final = this.#final;
    if (block === final?.number) return final.hash;
    // A node that is a little behind another may hold other blocks at these heights, which are never going to be final.
    if (!isToldNow && block > (final?.number ?? 0) - MOST_BEHIND) await this.#requireOwn(block, signal);
    const found = await this.ask(hash.nullable(), 'chain_getBlockHash', [block], signal);
    if (found === null) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
    const { number } = await this.#header(found, signal);
    if (number !== block) throw this.#complaint('chain_getBlockHash', `block ${number} in place of ${block}`);
    return found;
  }

  /** The newest finalized block, also where no block has come for long. */
  async newest(signal: AbortSignal): Promise<BlockReference> {
    const final = await this.ask(hash, 'chain_getFinalizedHead', [], signal);
    const { number } = await this.#header(final, signal);
    const newest = this.link.head ?? number;
    // A node can't have made a block final that it does not have.
    if (number > newest + MOST_BEHIND)
      throw this.#complaint('chain_getFinalizedHead', `block ${number}, where the newest is ${newest}`);
    const known = this.#final;
    if (known && number < known.number && (await this.#isOnlyBehind(known, number, signal))) return known;
    this.#wentBackAt = undefined;
    this.#final = { number: asBlockNumber(number), hash: final };
    return this.#final;
  }

  /** One call whose answer has this shape. @throws ANSWER_MALFORMED, what `Link.call` throws */
  async ask<T>(schema: z.ZodType<T>, method: string, params: readonly unknown[], signal: AbortSignal): Promise<T> {
    const answer = await this.link.call(method, params, signal);
    return this.usable(() => answerAs(schema, method, answer));
  }

  /** An answer that can't be used counts against the connection; what the link itself has refused is counted already. */
  async usable<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (isAssayError(error) && error.code === 'ANSWER_MALFORMED') this.link.complain(error);
      throw error;
    }
  }

  /**
   * Whether a node that tells of an older final block than `known` merely lags. Far behind, its answers are not used,
   * unless no node has told of a newer one for so long that the newer one was a lie or has been undone.
   * @throws ANSWER_MALFORMED
   */
  async #isOnlyBehind(known: BlockReference, number: number, signal: AbortSignal): Promise<boolean> {
    if (number >= known.number - MOST_BEHIND) return true;
    const there = await this.ask(hash.nullable(), 'chain_getBlockHash', [known.number], signal);
    if (there === known.hash) return true;
    this.#wentBackAt ??= performance.now();
    if (performance.now() - this.#wentBackAt > BACK_PATIENCE * this.link.blockTimeMs) return false;
    throw this.#complaint('chain_getFinalizedHead', `block ${number}, where ${known.number} was final already`);
  }

  /** @throws BLOCK_UNKNOWN unless the block is final for the node itself that is asked now */
  async #requireOwn(block: number, signal: AbortSignal): Promise<void> {
    const own = await this.ask(hash, 'chain_getFinalizedHead', [], signal);
    if (own === this.#final?.hash) return;
    const { number } = await this.#header(own, signal);
    if (number < block) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
  }

  /**
   * Waits until this block is final, several block times at most.
   * @returns whether a node has told so just now
   */
  async #untilFinal(block: number, signal: AbortSignal): Promise<boolean> {
    const { link } = this;
    const started = performance.now();
    for (;;) {
      if (block <= (this.#final?.number ?? -1)) return false;
      const { number: final } = await this.head(signal);
      if (block <= final) return true;
      const { number: newest } = await this.ask(headerJson, 'chain_getHeader', [], signal);
      if (block > newest) throw subtensorErrors.BLOCK_UNKNOWN({ block: String(block) });
      if (performance.now() - started > FINALITY_PATIENCE * link.blockTimeMs)
        throw subtensorErrors.BLOCK_NOT_FINAL({ block, final });
      await wait(link.blockTimeMs / 4, signal, link.closing);
    }
  }

  /** The header behind a hash, which it has to come to. */
  async #header(block: string, signal: AbortSignal): Promise<BlockHeader> {
    const answer = await this.link.call('chain_getHeader', [block], signal);
    if (answer === null) throw subtensorErrors.BLOCK_UNKNOWN({ block });
    return this.usable(() => headerOf(block, answer));
  }

  #complaint(method: string, reason: string): AssayError {
    const error = malformed(method, reason);
    this.link.complain(error);
    return error;
  }
}
