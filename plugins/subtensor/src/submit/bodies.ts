import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { subtensorErrors } from '../errors.js';
import { malformed } from '../rpc/greeting.js';
import type { FinalBlocks } from '../rpc/final-blocks.js';
import { headerOf } from '../rpc/header.js';
import { bytesOf, hexText } from '../rpc/hex.js';
import type { Ticket } from './ticket.js';

const METHOD = 'chain_getBlock';
const body = z
  .looseObject({ block: z.looseObject({ header: z.unknown(), extrinsics: z.array(hexText).max(100_000) }) })
  .nullable();
/** Blocks below the finalized head whose bodies every node keeps. */
const KEPT_BY_ALL = 250;
/** Extrinsics whose search is remembered. */
const MOST_REMEMBERED = 8;

/** Where an extrinsic stands. `unknown`: the node no longer has the bodies of all blocks that may hold it. */
export type Place = { at: BlockReference; index: number } | 'nowhere' | 'unknown';

/** Looks for signed extrinsics in the bodies of final blocks. What was looked at is not read a second time. */
export class Bodies {
  /** By hash of the extrinsic: the first block that was not looked at, and where it was found. */
  readonly #searched = new Map<string, { next: number; place?: Exclude<Place, string> }>();

  constructor(private readonly blocks: FinalBlocks) {}

  /**
   * Looks in the blocks in which it may land, up to `head`.
   * @throws ANSWER_MALFORMED, BLOCK_UNKNOWN, what `Link.call` throws
   */
  async search(ticket: Pick<Ticket, 'hash' | 'birth' | 'death'>, head: number, signal: AbortSignal): Promise<Place> {
    const search = this.#searched.get(ticket.hash) ?? { next: ticket.birth + 1 };
    this.#remember(ticket.hash, search);
    const last = Math.min(head, ticket.death - 1);
    while (!search.place && search.next <= last) {
      const number = asBlockNumber(search.next);
      const at = { number, hash: await this.blocks.hashOf(number, signal) };
      const extrinsics = await this.#extrinsics(at.hash, signal);
      if (!extrinsics && head - number > KEPT_BY_ALL) return 'unknown';
      if (!extrinsics) throw subtensorErrors.BLOCK_UNKNOWN({ block: at.hash });
      const index = await indexOf(ticket.hash, extrinsics);
      if (index >= 0) search.place = { at, index };
      // Another search for the same extrinsic may have looked at this block meanwhile.
      search.next = Math.max(search.next, number + 1);
    }
    return search.place ?? 'nowhere';
  }

  /** The extrinsics of a block; undefined where the node does not have them. */
  async #extrinsics(hash: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const answer = await this.blocks.ask(body, METHOD, [hash], signal);
    if (!answer) return undefined;
    const { header, extrinsics } = answer.block;
    await this.blocks.usable(() => headerOf(hash, header));
    // Every block begins with one by which its author sets the time.
    if (extrinsics.length === 0)
      await this.blocks.usable(() => Promise.reject(malformed(METHOD, 'a block without extrinsics')));
    return extrinsics;
  }

  #remember(hash: string, search: { next: number }): void {
    this.#searched.delete(hash);
    this.#searched.set(hash, search);
    for (const old of [...this.#searched.keys()].slice(0, -MOST_REMEMBERED)) this.#searched.delete(old);
  }
}

async function indexOf(hash: string, extrinsics: readonly string[]): Promise<number> {
  const { blake2AsHex } = await import('@polkadot/util-crypto');
  return extrinsics.findIndex((extrinsic) => blake2AsHex(bytesOf(extrinsic), 256) === hash);
}
