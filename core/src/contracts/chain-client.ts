import type { AssayError } from '../errors/assay-error.js';
import type { BlockNumber, Hotkey, Netuid, Uid } from './brands.js';
import type { Json } from './round-journal.js';

export interface BlockReference {
  number: BlockNumber;
  /** 0x and 64 lower-case hex digits. */
  hash: string;
}

export interface Neuron {
  uid: Uid;
  hotkey: Hotkey;
  coldkey: string;
  /** Total stake in rao (1e-9 of the token), inheritance included: what the chain holds against its stake threshold. */
  stake: bigint;
  validatorPermit: boolean;
  /** Block of its last weights. */
  lastUpdate: BlockNumber;
  /** Block at which this hotkey took the uid. */
  registeredAt: BlockNumber;
  /** Shares in [0, 1]. */
  incentive: number;
  dividends: number;
  validatorTrust: number;
}

/** A text that a hotkey has put on chain. Hostile. */
export interface Commitment {
  hotkey: Hotkey;
  /** At most 1,024 bytes; decoded as UTF-8, malformed sequences dropped, as the reference's SDK does. */
  data: string;
  /** Block from which on the chain shows the text: that of the commitment, or of its reveal. */
  block: BlockNumber;
}

/** A commitment on chain that holds no text, or none yet. */
export interface UnreadableCommitment {
  hotkey: Hotkey;
  /** null where even the block can't be read. */
  block: BlockNumber | null;
  /** `timelocked` opens by itself at a round of drand, `reveal-failed` never will. */
  kind: 'timelocked' | 'reveal-failed' | 'empty' | 'hash' | 'unknown';
  /** One line for people: which kind of data stands there, or why it can't be decoded. */
  detail: string;
}

/** The subnet's hyperparameters that a validator has to know. */
export interface SubnetParameters {
  tempo: number;
  /** Blocks that must pass between two weight settings. */
  weightsRateLimit: number;
  /** Lowest version key that the subnet takes; 0 takes any. */
  weightsVersionKey: bigint;
  minAllowedWeights: number;
  maxUids: number;
  /** Rao below which weights are refused. */
  stakeThreshold: bigint;
  commitRevealEnabled: boolean;
  /** Epochs between a commit of weights and its reveal. */
  revealPeriodEpochs: number;
  /** Blocks for which a new neuron is safe from being replaced. */
  immunityPeriod: number;
  /** Blocks without new weights after which a validator no longer counts. */
  activityCutoff: number;
  /** How the chain turns weights into incentives, by its own name in lower case. `null`: it takes no weights from validators. */
  consensus: 'yuma' | 'null' | (string & {});
}

/** Raw weights of one validator: pairs of uid and u16. */
export type WeightRow = readonly (readonly [uid: number, weight: number])[];

/** Metagraph and commitments of one subnet, read together at one block hash. */
export interface ChainSnapshot {
  netuid: Netuid;
  at: BlockReference;
  /** Mechanism of the subnet whose weights, incentives and last updates these are; 0 is the first. */
  mechanism: number;
  /** In ascending order of uid. */
  neurons: Neuron[];
  /** The last of each hotkey that is registered at this block; others are left out. */
  commitments: Commitment[];
  /** Timelocked commitments that the chain has opened: of each registered hotkey the last ten at most, the oldest first. */
  revealed: Commitment[];
  /** Commitments of registered hotkeys that are in neither list, and why. */
  unreadable: UnreadableCommitment[];
  weights: ReadonlyMap<Uid, WeightRow>;
  parameters: SubnetParameters;
  /** Hotkey of the subnet's owner, registered or not; null where the chain names none. */
  ownerHotkey: Hotkey | null;
  /** First block after this one in which the chain turns weights into incentives; null where none is planned. */
  nextEpoch: BlockNumber | null;
}

/** One endpoint as the client sees it at the moment. */
export interface EndpointStatus {
  /** Without credentials. */
  endpoint: string;
  /** Whether calls go there now. */
  inUse: boolean;
  /** Newest block that it has told of; null when it has told of none. */
  head: BlockNumber | null;
  /** Why calls do not go there; null when nothing is wrong with it. */
  trouble: string | null;
}

/** The way to the chain, for people. */
export interface ChainConnection {
  endpoints: EndpointStatus[];
  /** Name and version of the chain's rules, e.g. `node-subtensor 424`. */
  runtime: string;
  /** 0x and 64 hex digits. */
  genesis: string;
  /** Milliseconds between two blocks. */
  blockTimeMs: number;
  /** Milliseconds since the last new head. */
  sinceHeadMs: number;
}

export interface WeightsSubmission {
  uids: Uid[];
  /** Whom each of `uids` is meant for: a uid that has another owner when the weights are signed gets none. */
  hotkeys: Hotkey[];
  /** u16, the largest 65535. */
  weights: number[];
  versionKey: bigint;
}

/** How committed weights come into force. */
export interface Reveal {
  /** First block that can hold the reveal, as far as can be told when they are committed. */
  block: BlockNumber;
  /** `chain`: it opens them by itself. `validator`: `revealWeights` has to be called from `block` on. */
  by: 'chain' | 'validator';
}

export interface WeightsReceipt {
  /** Block in which the chain holds them. */
  at: BlockReference;
  /** Plain: already in force. Committed: in force once they are revealed. */
  mode: 'set' | 'committed';
  /** Present for committed weights. */
  reveal?: Reveal;
}

/**
 * What a client needs to find one of its submissions again, in a form of its own. The caller keeps it and gives it back as
 * it is. It may hold what a reveal takes, and everybody who can read the journal can read it.
 */
export type SubmissionTicket = Json;

/** What has become of a submission. */
export type SubmissionFate =
  /** No block holds it yet; one up to `lastBlock` still may. Nothing else may be sent in its place until then. */
  | { status: 'open'; lastBlock: BlockNumber }
  /** No block holds it, and none ever will. */
  | { status: 'lost' }
  /** A block holds it, and the chain has refused it there. */
  | { status: 'refused'; at: BlockReference; error: AssayError }
  /** In force since this block. */
  | { status: 'set'; at: BlockReference }
  /** On chain since this block, and not revealed yet. `waitsFor`: one line for people on why that takes longer than planned. */
  | { status: 'committed'; at: BlockReference; reveal: Reveal; waitsFor?: string }
  /** In force since `revealedAt`. */
  | { status: 'revealed'; at: BlockReference; revealedAt: BlockReference }
  /** Can no longer be revealed. `reason`: one line for people. */
  | { status: 'unrevealed'; at: BlockReference; reason: string };

export interface CommitmentOptions {
  /** Blocks for which the text stays encrypted; the chain opens it afterwards. Left out: it is readable at once. */
  revealAfter?: number;
}

export interface CommitmentReceipt {
  /** Block from which on the chain holds the commitment; reads show it from then on unless it is timelocked. */
  at: BlockReference;
  /** Of a timelocked commitment: block at which the chain opens it, as far as can be told now. */
  opens?: BlockNumber;
}

/** The key that a validator or a miner acts with. */
export interface ValidatorIdentity {
  hotkey: Hotkey;
  /** sr25519 over the message; absent where only the address is known, and in a client that only reads. */
  sign?(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * One subnet of one chain. Rejections are coded errors: fault `chain` for what the chain refuses (the code is the
 * chain's own error name), `network` when it can't be reached. Every call obeys its signal.
 */
export interface ChainClient {
  /** For people: `local network in FILE, not Bittensor`, `finney`. */
  readonly description: string;
  readonly netuid: Netuid;
  /** @throws fault `config` where no key is configured, or it can't be read */
  identity(): Promise<ValidatorIdentity>;
  /** Newest block that can't be undone. */
  head(signal: AbortSignal): Promise<BlockReference>;
  blockHash(block: BlockNumber, signal: AbortSignal): Promise<string>;
  /** Longest commitment that `commit` can put on chain, in bytes of UTF-8. */
  readonly maxCommitmentBytes: number;
  /** Longest timelocked one; 0 where the chain takes none. */
  readonly maxTimelockedBytes: number;
  /**
   * At the head, or at an earlier block.
   * @throws STATE_DISCARDED when the node no longer holds the state of that block
   */
  snapshot(signal: AbortSignal, at?: BlockReference): Promise<ChainSnapshot>;
  /**
   * Sets weights, or commits them where the subnet wants that. Resolves when a block that can't be undone holds them; a
   * refusal by the chain rejects with fault `chain` and has changed nothing. Any other rejection leaves open what has become
   * of them: `weightsFate` tells.
   * @param keep stores the ticket durably; it is called before anything is sent. A submission that has to be made
   *   again, once the one before it can no longer land, has a ticket of its own. When `keep` rejects, nothing is sent.
   * @throws HOTKEYS_CHANGED when a uid has another owner now; what the chain refuses, by the chain's own name, also where it
   *   was foreseen and nothing was sent
   */
  setWeights(
    submission: WeightsSubmission,
    signal: AbortSignal,
    keep: (ticket: SubmissionTicket) => Promise<void>,
  ): Promise<WeightsReceipt>;
  /** Asks the chain what has become of a submission, in this process or an earlier one. Sends nothing. */
  weightsFate(ticket: SubmissionTicket, signal: AbortSignal): Promise<SubmissionFate>;
  /**
   * Reveals weights that the chain does not open by itself; left out by a client whose chain always does. To call it twice
   * is harmless.
   * @returns block that holds the reveal
   */
  revealWeights?(ticket: SubmissionTicket, signal: AbortSignal): Promise<BlockReference>;
  /**
   * Puts a miner's claim on chain, signed by the hotkey of `identity`. Resolves when a block holds it, so that a snapshot at
   * that block or later shows exactly this text. A refusal rejects and has changed nothing.
   *
   * A hotkey has one commitment for each subnet: a new one replaces it, also when the text is the same, and moves its block,
   * which decides which of two models is the earlier one. It costs no fee, but the chain bounds the bytes that a hotkey may
   * commit in a tempo (on Subtensor 3,100, each commitment counted as 100 bytes or more). Callers compare with the snapshot
   * first and commit only what differs. Plain and timelocked commitments share one place: a new one replaces a timelocked one
   * that is not open yet, which then never opens.
   * @param text at most `maxCommitmentBytes` bytes of UTF-8, or `maxTimelockedBytes` with `revealAfter`
   * @throws fault `chain`: AccountNotAllowedCommit (the hotkey is not registered), SpaceLimitExceeded (retry in the next
   *   tempo), TooManyFieldsInCommitmentInfo; fault `config`: COMMITMENT_TOO_LONG, before anything is sent
   */
  commit(text: string, signal: AbortSignal, options?: CommitmentOptions): Promise<CommitmentReceipt>;
  /** How the chain is reached at the moment; left out by a client that has no connection. */
  connection?(signal: AbortSignal): Promise<ChainConnection>;
  close(): Promise<void>;
}

export const CHAIN_CLIENT = Symbol.for('assay.ChainClient');
