import type { BlockReference } from '@assay/core/contracts/chain-client';
import type { AssayError } from '@assay/core/errors/assay-error';
import type { Json } from '@assay/core/contracts/round-journal';

/** One call of the chain that is to be signed, by the names in the runtime's metadata. */
export interface Draft {
  /** Name of the pallet, e.g. `SubtensorModule`. */
  pallet: string;
  /** Name of the call in snake case, e.g. `set_weights`. */
  call: string;
  /** In the order of the call's arguments, as the types of the metadata take them. */
  args: readonly unknown[];
  /** What the signature is for, in a few words for a person; a signer may decide by it. */
  purpose: string;
  /** What the caller needs when it finds this submission again. It is stored in the ticket. */
  facts: Json;
}

/** An event that the runtime has emitted for one extrinsic. */
export interface LandedEvent {
  /** Name of the pallet, e.g. `SubtensorModule`. */
  pallet: string;
  /** Name of the event, e.g. `WeightsSet`. */
  name: string;
  /** Its values as polkadot's types write them in JSON. */
  data: readonly Json[];
}

/** An extrinsic that a finalized block holds and that has succeeded there. */
export interface Landed {
  at: BlockReference;
  /** Place of the extrinsic in its block. */
  index: number;
  events: LandedEvent[];
  /** Those of the draft that was signed. */
  facts: Json;
}

/**
 * Makes the call. The sender calls it right before each signing, so that it sees the chain as it is then.
 * @param at the finalized block that the extrinsic is made from
 */
export type MakeDraft = (signal: AbortSignal, at: BlockReference) => Promise<Draft>;

/** What the chain says about an extrinsic that was signed earlier, in this process or another. */
export type Found =
  /** No finalized block holds it yet; one up to `lastBlock` may. */
  | { status: 'open'; lastBlock: number }
  /** No block holds it, and none ever will. */
  | { status: 'lost' }
  /** A block holds it, and the chain has refused it there. */
  | { status: 'refused'; at: BlockReference; error: AssayError }
  /** A block holds it, and it has succeeded there. `index` and `events` are missing where the node has discarded them. */
  | { status: 'landed'; at: BlockReference; index?: number; events?: LandedEvent[] };
