import { z } from 'zod';
import { messageOf } from '@assay/core/errors/describe';
import type { AssayError } from '@assay/core/errors/assay-error';
import type { BlockReference } from '@assay/core/contracts/chain-client';
import { answerAs, malformed } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { BlockState } from '../read/state.js';
import type { Calls } from '../runtime/calls.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Runtimes } from '../runtime/runtimes.js';
import type { LandedEvent } from './draft.js';
import { chainRefusal } from './failures.js';

const WHAT = 'System.Events';
/** Number of a pallet and of one of its events, a byte each. */
const place = z.string().regex(/^0x[0-9a-f]{4}$/);
const records = z.array(
  z.looseObject({
    phase: z.looseObject({ applyExtrinsic: z.number().int().nonnegative().optional() }),
    event: z.looseObject({ index: place, data: z.array(z.json()) }),
  }),
);
const moduleError = z.object({
  module: z.object({ index: z.number().int(), error: z.union([z.number().int(), z.string()]) }),
});

/** An event of a block. */
export interface BlockEvent extends LandedEvent {
  /** Place of the extrinsic that it belongs to; undefined for what the chain did by itself at the block's beginning or end. */
  extrinsic: number | undefined;
}

/**
 * What a block has emitted, in its order.
 * @throws what `Link.call` throws, STATE_DISCARDED among it, ANSWER_MALFORMED
 */
export async function blockEvents(
  at: BlockReference,
  { link, runtimes }: { link: Link; runtimes: Runtimes },
  signal: AbortSignal,
): Promise<{ events: BlockEvent[]; runtime: Runtime }> {
  const { runtime } = await runtimes.at(at.hash, signal);
  const key = runtime.storageKey('System', 'Events', []);
  const values = await new BlockState(at.hash, { link, signal }).values([key]);
  let json: unknown;
  try {
    json = runtime.storageValue('System', 'Events', values.get(key) ?? null).toJSON();
  } catch (error) {
    throw malformed(WHAT, messageOf(error));
  }
  const events = answerAs(records, WHAT, json).map(({ phase, event }): BlockEvent => {
    const [pallet = 0, variant = 0] = Buffer.from(event.index.slice(2), 'hex');
    return { ...runtime.calls.eventNamed(pallet, variant), data: event.data, extrinsic: phase.applyExtrinsic };
  });
  return { events, runtime };
}

/** The events of a block by the extrinsic that they belong to. @throws as `blockEvents` */
export async function readEvents(
  at: BlockReference,
  deps: { link: Link; runtimes: Runtimes },
  signal: AbortSignal,
): Promise<{ events: Map<number, LandedEvent[]>; runtime: Runtime }> {
  const { events: all, runtime } = await blockEvents(at, deps, signal);
  const events = new Map<number, LandedEvent[]>();
  for (const { extrinsic, ...event } of all)
    if (extrinsic !== undefined) events.set(extrinsic, [...(events.get(extrinsic) ?? []), event]);
  return { events, runtime };
}

/**
 * Whether an extrinsic has succeeded, by its events; the chain's error where it has failed.
 * @throws ANSWER_MALFORMED where they tell neither
 */
export function failureIn(
  events: readonly LandedEvent[],
  { calls }: { calls: Pick<Calls, 'moduleError'> },
  refused: { call: string; block: number },
): AssayError | undefined {
  const end = events.find(({ pallet, name }) => pallet === 'System' && /^Extrinsic(Success|Failed)$/.test(name));
  if (!end) throw malformed(WHAT, `an extrinsic in block ${refused.block} has neither succeeded nor failed`);
  return end.name === 'ExtrinsicSuccess' ? undefined : chainRefusal(dispatchError(end.data[0], calls), refused);
}

/** The name of a dispatch error and the runtime's words on it. */
function dispatchError(error: unknown, calls: Pick<Calls, 'moduleError'>): { name: string; docs: string } {
  const { data } = moduleError.safeParse(error);
  if (data) {
    const { index, error: number } = data.module;
    // The first of four bytes, or the number itself in older runtimes.
    const variant = typeof number === 'number' ? number : (Buffer.from(number.slice(2), 'hex')[0] ?? 0);
    return calls.moduleError(index, variant) ?? { name: `Module${index}Error${variant}`, docs: '' };
  }
  if (typeof error === 'string') return { name: error, docs: '' };
  const [kind = 'Other', value] = Object.entries(typeof error === 'object' && error !== null ? error : {})[0] ?? [];
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  return { name, docs: typeof value === 'string' ? value : '' };
}
