import type { BlockReference, SubmissionTicket } from '@assay/core/contracts/chain-client';
import type { Log } from '@assay/core/contracts/logger';
import { isAssayError } from '@assay/core/errors/assay-error';
import { messageOf } from '@assay/core/errors/describe';
import type { Signer } from '@assay/lib-bittensor-wallet';
import { count } from '../read/numbers.js';
import type { FinalBlocks } from '../rpc/final-blocks.js';
import { hash } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { isNotServed } from '../rpc/refusals.js';
import { wait } from '../rpc/wait.js';
import type { Runtimes } from '../runtime/runtimes.js';
import type { Found, Landed, MakeDraft } from './draft.js';
import { submitErrors } from './errors.js';
import { ERA_BLOCKS, signExtrinsic } from './extrinsic.js';
import { poolFailure } from './failures.js';
import type { Finder } from './find.js';
import type { HotkeyLock } from './lock.js';
import { offer } from './pool.js';
import type { PoolReason } from './pool-errors.js';
import type { Ticket } from './ticket.js';

/** Extrinsics that are signed for one submission at most. */
const MOST_TRIES = 4;
/** Finalized blocks without the extrinsic after which the same bytes are sent again. */
const RESEND_AFTER = 4;
/** Refusals after which the extrinsic is made and signed again: the next one does not have what this one was refused for. */
const REBUILT: ReadonlySet<PoolReason> = new Set(['stale', 'priority', 'proof', 'ancient']);

interface SenderDeps {
  link: Link;
  runtimes: Runtimes;
  blocks: FinalBlocks;
  finder: Pick<Finder, 'lookFor'>;
  /** The key, and the lock that belongs to it. */
  key: () => Promise<{ signer: Pick<Signer, 'address' | 'publicKey' | 'sign'>; lock: Pick<HotkeyLock, 'hold'> }>;
  log: Log;
}

type Keep = (ticket: SubmissionTicket) => Promise<void>;

/** One signed extrinsic on its way. */
interface Sent {
  bytes: string;
  ticket: Ticket;
  /** Newest finalized block when it was last given to a node. */
  offeredAt: number;
}

/** Why an extrinsic can no longer land, so that another may be signed. */
interface Dead {
  call: string;
  reason: string;
}

/** Sends extrinsics of one hotkey so that each call lands once, or never. */
export class Sender {
  constructor(
    private readonly place: { netuid: number; mechanism: number },
    private readonly deps: SenderDeps,
  ) {}

  /**
   * Sends one call and waits until a finalized block holds it.
   * @param make makes the call, right before each signing
   * @param keep stores the ticket; nothing is sent when it rejects
   * @throws the chain's refusal by its own name (nothing has changed), SUBMISSION_LOST (nothing has changed), what `make`,
   *   `keep` and the signer throw; after any other rejection the ticket tells what has become of the call
   */
  async send(make: MakeDraft, keep: Keep, signal: AbortSignal): Promise<Landed> {
    const { lock } = await this.deps.key();
    for (let tries = 1; ; tries += 1) {
      const sent = await lock.hold(signal, () => this.#begin(make, keep, signal));
      const end = 'reason' in sent ? sent : await this.#follow(sent, signal);
      if (!('reason' in end)) return end;
      if (tries >= MOST_TRIES) throw submitErrors.SUBMISSION_LOST({ ...end, tries });
      this.deps.log('warn', 'the extrinsic can no longer land and is made again', { ...end, tries });
      // Whatever has used the nonce shows in the node's answers after its next block.
      await wait(this.deps.link.blockTimeMs / 2, signal, this.deps.link.closing);
    }
  }

  /** Makes, signs and keeps an extrinsic, and gives it to a node until one has taken it. Runs under the lock. */
  async #begin(make: MakeDraft, keep: Keep, signal: AbortSignal): Promise<Sent | Dead> {
    const { link, runtimes, blocks } = this.deps;
    const { signer } = await this.deps.key();
    const at = await blocks.head(signal);
    const draft = await make(signal, at);
    const best = await blocks.ask(hash, 'chain_getBlockHash', [], signal);
    const runtime = await runtimes.after(best, signal);
    const nonce = await blocks.ask(count, 'system_accountNextIndex', [signer.address], signal);
    const genesis = link.genesis ?? '';
    const signed = await signExtrinsic(draft, { genesis, at, nonce }, { runtime, signer }, signal);
    const { hash: own, birth, death } = signed;
    const owner = { hotkey: signer.address, genesis, ...this.place };
    const call = `${draft.pallet}.${draft.call}`;
    const ticket: Ticket = { format: 1, call, hash: own, nonce, birth, death, ...owner, facts: draft.facts };
    await keep(ticket);
    this.deps.log('debug', 'an extrinsic is sent', { call, hash: own, nonce, until: death - 1 });
    const sent = { bytes: signed.bytes, ticket, offeredAt: at.number };
    return this.#offerFirst(sent, (refusal) => poolFailure(refusal, runtime.calls, call), signal);
  }

  /**
   * Gives the extrinsic to a node until it is certain that one has it, or that none has.
   * @throws the refusal of the only node that was ever asked, where the next extrinsic would be refused just so
   */
  async #offerFirst(
    sent: Sent,
    failure: (refusal: Parameters<typeof poolFailure>[0]) => Error,
    signal: AbortSignal,
  ): Promise<Sent | Dead> {
    const { link } = this.deps;
    const patience = this.#patience();
    for (let mayBeThere = false; ;) {
      const answer = await offer({ bytes: sent.bytes, hash: sent.ticket.hash }, this.deps, signal);
      if (answer.status === 'taken') return sent;
      // After a lost reply a refusal may mean that the extrinsic is in a block already: the blocks will tell.
      if (answer.status === 'refused' && mayBeThere) return sent;
      if (answer.status === 'refused') {
        if (!REBUILT.has(answer.refusal.reason)) throw failure(answer.refusal);
        return { call: sent.ticket.call, reason: answer.refusal.said };
      }
      mayBeThere ||= answer.sent;
      if (!mayBeThere && isNotServed(answer.error)) throw answer.error;
      patience.check(answer.error);
      await wait(link.blockTimeMs / 4, signal, link.closing);
      if (!mayBeThere) continue;
      const found = await this.#lookFor(sent, signal).catch(patience.check);
      if (found && found.status !== 'open') return sent;
    }
  }

  /** Waits for the block that holds it. @throws what the chain has refused it with, in a block */
  async #follow(sent: Sent, signal: AbortSignal): Promise<Landed | Dead> {
    const { link } = this.deps;
    let patience = this.#patience();
    for (;;) {
      const found = await this.#lookFor(sent, signal).catch(patience.check);
      if (found) patience = this.#patience();
      if (found?.status === 'refused') throw found.error;
      if (found?.status === 'lost')
        return { call: sent.ticket.call, reason: 'no block holds it, and none can any more' };
      if (found?.status === 'landed') return landed(found, sent.ticket);
      // A node that was asked in vain may have been replaced by one that does not have the extrinsic.
      if (!found || found.head - sent.offeredAt >= RESEND_AFTER) await this.#offerAgain(sent, signal);
      await wait(link.blockTimeMs / 4, signal, link.closing);
    }
  }

  /** The nonce makes it harmless to send the same bytes twice, whatever the answer. */
  async #offerAgain(sent: Sent, signal: AbortSignal): Promise<void> {
    const answer = await offer({ bytes: sent.bytes, hash: sent.ticket.hash }, this.deps, signal);
    if (answer.status === 'silent') return;
    const { number } = await this.deps.blocks.newest(signal).catch(() => ({ number: sent.offeredAt }));
    sent.offeredAt = Math.max(sent.offeredAt, number);
    const said = answer.status === 'refused' ? answer.refusal.said : 'taken';
    this.deps.log('debug', 'the extrinsic is sent once more', { hash: sent.ticket.hash, answer: said });
  }

  async #lookFor({ ticket }: Sent, signal: AbortSignal): Promise<Found & { head: number }> {
    const head: BlockReference = await this.deps.blocks.head(signal);
    return { ...(await this.deps.finder.lookFor(ticket, head, signal)), head: head.number };
  }

  /** Errors of the network and of a node that lags are borne for as long as an era lasts. */
  #patience(): { check: (error: unknown) => undefined } {
    const started = performance.now();
    return {
      check: (error) => {
        const isPassing = isAssayError(error) && (error.fault === 'network' || error.fault === 'chain');
        if (!isPassing) throw error;
        if (performance.now() - started > ERA_BLOCKS * this.deps.link.blockTimeMs)
          // An error of the chain would say that it has refused the call.
          throw error.fault === 'chain' ? submitErrors.FATE_UNKNOWN({ reason: error.message }, error) : error;
        this.deps.log('debug', 'the chain is asked again', { reason: messageOf(error) });
        return undefined;
      },
    };
  }
}

function landed(found: Extract<Found, { status: 'landed' }>, { facts }: Ticket): Landed {
  return { at: found.at, index: found.index ?? -1, events: found.events ?? [], facts };
}
