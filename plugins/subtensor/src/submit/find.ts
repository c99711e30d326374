import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference, SubmissionTicket } from '@assay/core/contracts/chain-client';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { FinalBlocks } from '../rpc/final-blocks.js';
import type { Link } from '../rpc/link.js';
import type { Runtimes } from '../runtime/runtimes.js';
import { lastUpdateAt, nonceAt } from './account.js';
import { Bodies, type Place } from './bodies.js';
import type { Found } from './draft.js';
import { submitErrors } from './errors.js';
import { failureIn, readEvents } from './events.js';
import { readTicket, requireOwn, type Owner, type Ticket } from './ticket.js';

interface FinderDeps {
  link: Link;
  runtimes: Runtimes;
  blocks: FinalBlocks;
}

/**
 * Asks the chain what has become of a signed extrinsic.
 *
 * A node may have discarded what tells. Without the events of the block that holds it, its success is read off the block of
 * the hotkey's last weights: the same block means that it has succeeded, an older one that it was refused, and a newer one
 * that it was followed by other weights, so that its own outcome no longer matters; it counts as landed. Without the bodies
 * of the blocks it counts as landed where the last weights are of a block in its era; weights that are newer than its era
 * hide whether it ever landed, and it counts as lost. Weights of the same hotkey by another client within the era can't be
 * told from it then.
 */
export class Finder {
  readonly #bodies: Bodies;

  /** @param owner whose tickets these may be; it is asked for when one is looked at */
  constructor(
    private readonly deps: FinderDeps,
    private readonly owner: () => Promise<Owner>,
  ) {
    this.#bodies = new Bodies(deps.blocks);
  }

  /** @throws TICKET_UNREADABLE, TICKET_FOREIGN, what `Link.call` throws, ANSWER_MALFORMED */
  async find(ticket: SubmissionTicket, signal: AbortSignal): Promise<Found> {
    const read = readTicket(ticket);
    const head = await this.deps.blocks.head(signal);
    requireOwn(read, await this.owner());
    return this.lookFor(read, head, signal);
  }

  /** As `find`, up to a finalized block. @throws what `Link.call` throws, ANSWER_MALFORMED */
  async lookFor(ticket: Ticket, head: BlockReference, signal: AbortSignal): Promise<Found> {
    const place = await this.#bodies.search(ticket, head.number, signal);
    if (place === 'unknown') return this.#byLastUpdate(ticket, head, signal);
    if (place !== 'nowhere') return this.#outcome(ticket, place, head, signal);
    const lastBlock = ticket.death - 1;
    if (head.number >= lastBlock) return { status: 'lost' };
    // A nonce that is used cannot be used again, so that whatever has used it was another extrinsic.
    const nonce = await nonceAt(ticket.hotkey, head, this.deps, signal);
    return nonce > ticket.nonce ? { status: 'lost' } : { status: 'open', lastBlock };
  }

  async #outcome(
    ticket: Ticket,
    { at, index }: Exclude<Place, string>,
    head: BlockReference,
    signal: AbortSignal,
  ): Promise<Found> {
    try {
      const { events: all, runtime } = await readEvents(at, this.deps, signal);
      const events = all.get(index) ?? [];
      const error = failureIn(events, runtime, { call: ticket.call, block: at.number });
      return error ? { status: 'refused', at, error } : { status: 'landed', at, index, events };
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'STATE_DISCARDED') throw error;
    }
    const update = await lastUpdateAt(ticket, head, this.deps, signal);
    if (update !== undefined && update < at.number)
      return { status: 'refused', at, error: submitErrors.REFUSAL_FORGOTTEN({ block: at.number }) };
    return { status: 'landed', at, index };
  }

  /** Where the bodies of the era are gone. */
  async #byLastUpdate(ticket: Ticket, head: BlockReference, signal: AbortSignal): Promise<Found> {
    if ((await nonceAt(ticket.hotkey, head, this.deps, signal)) <= ticket.nonce) return { status: 'lost' };
    const update = await lastUpdateAt(ticket, head, this.deps, signal);
    if (update === undefined || update <= ticket.birth || update >= ticket.death) return { status: 'lost' };
    const number = asBlockNumber(update);
    return { status: 'landed', at: { number, hash: await this.deps.blocks.hashOf(number, signal) } };
  }
}
