import { setTimeout } from 'node:timers/promises';
import { asHotkey, asNetuid, type BlockNumber, type Netuid } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainClient,
  ChainSnapshot,
  CommitmentOptions,
  CommitmentReceipt,
  SubmissionFate,
  SubmissionTicket,
  ValidatorIdentity,
  WeightsReceipt,
  WeightsSubmission,
} from '@assay/core/contracts/chain-client';
import { monotonicMs, type Clock } from '@assay/core/contracts/clock';
import type { Log } from '@assay/core/contracts/logger';
import { abortError } from '@assay/core/errors/describe';
import { localChainErrors } from './errors.js';
import { derivation } from './genesis.js';
import { deriveHotkey, isHotkey, signWith } from '@assay/lib-sr25519';
import { COMMITMENT_LIMIT } from './commitment-space.js';
import { TIMELOCK_LIMIT } from './commitments.js';
import type { LocalNetwork } from './network.js';

/** Tickets that one call makes at most, each after the one before it has expired unsent. */
const MOST_TICKETS = 5;
/** Milliseconds between two looks at weights that wait for their block. */
const LOOK_MS = 20;

export interface LocalChainClientOptions {
  netuid: number;
  /** Seconds; 0: blocks come only by hand. */
  blockTime: number;
  /** Name, derivation or ss58 address of the key to act with. */
  hotkey: string;
  /** `read` lets no time pass, and can't sign. */
  mode: 'validate' | 'read';
}

interface Deps {
  network: LocalNetwork;
  clock: Clock;
  log?: Log;
}

/** ChainClient over the embedded network. While one is open to validate, the network's time passes. */
export class LocalChainClient implements ChainClient {
  readonly description: string;
  readonly netuid: Netuid;
  readonly maxCommitmentBytes = COMMITMENT_LIMIT;
  readonly maxTimelockedBytes = TIMELOCK_LIMIT;
  /** Monotonic milliseconds at which the network's time last passed. */
  #passedAt: number;

  private constructor(
    private readonly options: LocalChainClientOptions,
    private readonly deps: Deps & { identity: ValidatorIdentity },
  ) {
    this.description = `local network in ${deps.network.file}, not Bittensor`;
    this.netuid = asNetuid(options.netuid);
    this.#passedAt = monotonicMs(deps.clock);
  }

  /** @throws NETUID_MISMATCH, HOTKEY_UNKNOWN */
  static async init(options: LocalChainClientOptions, deps: Deps): Promise<LocalChainClient> {
    const { network, clock } = deps;
    const { netuid, file } = network;
    if (netuid !== options.netuid)
      throw localChainErrors.NETUID_MISMATCH({ file, holds: netuid, wanted: options.netuid });
    const identity = await identityOf(options.hotkey, network);
    if (options.mode === 'read')
      return new LocalChainClient(options, { ...deps, identity: { hotkey: identity.hotkey } });
    network.resume(clock.now(), options.blockTime);
    return new LocalChainClient(options, { ...deps, identity });
  }

  async identity(): Promise<ValidatorIdentity> {
    return this.deps.identity;
  }

  async head(signal: AbortSignal): Promise<BlockReference> {
    return this.#now(signal).head();
  }

  async blockHash(block: BlockNumber, signal: AbortSignal): Promise<string> {
    return this.#now(signal).blockHash(block);
  }

  async snapshot(signal: AbortSignal, at?: BlockReference): Promise<ChainSnapshot> {
    return this.#now(signal).snapshot(at);
  }

  async setWeights(
    submission: WeightsSubmission,
    signal: AbortSignal,
    keep: (ticket: SubmissionTicket) => Promise<void>,
  ): Promise<WeightsReceipt> {
    for (let tries = 0; tries < MOST_TICKETS; tries += 1) {
      const ticket = this.#now(signal).submissions.prepare(submission);
      await keep(ticket);
      const isSent = this.#now(signal).submissions.send(ticket, this.deps.identity.hotkey, submission);
      if (isSent) return this.#receipt(ticket, signal);
    }
    throw localChainErrors.SUBMISSION_EXPIRED({ tickets: MOST_TICKETS });
  }

  async weightsFate(ticket: SubmissionTicket, signal: AbortSignal): Promise<SubmissionFate> {
    return this.#now(signal).submissions.fate(ticket);
  }

  async commit(text: string, signal: AbortSignal, options: CommitmentOptions = {}): Promise<CommitmentReceipt> {
    const { identity, log } = this.deps;
    const { replaced, ...receipt } = this.#now(signal).commit(identity.hotkey, text, options.revealAfter);
    if (replaced !== undefined)
      log?.('warn', `this commitment replaces a timelocked one, which would have opened at block ${replaced}`);
    return receipt;
  }

  async close(): Promise<void> {
    this.deps.network.close();
  }

  /** Waits until a block holds the weights: at once, unless the network delays them. */
  async #receipt(ticket: SubmissionTicket, signal: AbortSignal): Promise<WeightsReceipt> {
    for (;;) {
      const receipt = this.#now(signal).submissions.receipt(ticket);
      if (receipt) return receipt;
      await setTimeout(LOOK_MS);
    }
  }

  /** The network at this moment. */
  #now(signal: AbortSignal): LocalNetwork {
    if (signal.aborted) throw abortError();
    const { network, clock } = this.deps;
    if (this.options.mode === 'read') return network;
    const now = monotonicMs(clock);
    network.pass(clock.now(), this.options.blockTime, Math.max(0, now - this.#passedAt));
    this.#passedAt = now;
    return network;
  }
}

/** A key with a derivation can sign; of an address alone only the address is known. */
async function identityOf(hotkey: string, network: LocalNetwork): Promise<ValidatorIdentity> {
  const accounts = network.accounts();
  if (derivation.safeParse(hotkey).success) return signing(await deriveHotkey(hotkey), hotkey);
  const account = accounts.find((known) => known.name === hotkey || known.hotkey === hotkey);
  if (account)
    return account.derivation === null
      ? { hotkey: asHotkey(account.hotkey) }
      : signing(account.hotkey, account.derivation);
  if (await isHotkey(hotkey)) return { hotkey: asHotkey(hotkey) };
  throw localChainErrors.HOTKEY_UNKNOWN({ hotkey, known: accounts.flatMap(({ name }) => name ?? []) });
}

const signing = (hotkey: string, derivation: string): ValidatorIdentity => ({
  hotkey: asHotkey(hotkey),
  sign: (message) => signWith(derivation, message),
});
