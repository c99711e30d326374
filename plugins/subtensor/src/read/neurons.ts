import { asBlockNumber, asHotkey, asUid } from '@assay/core/contracts/brands';
import type { Neuron } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { isAssayError } from '@assay/core/errors/assay-error';
import { answerAs, malformed } from '../rpc/greeting.js';
import { isNotServed } from '../rpc/refusals.js';
import type { Runtime } from '../runtime/runtime.js';
import { columns, type Columns } from './columns.js';
import { fraction } from './numbers.js';
import { readColumns } from './storage-columns.js';
import { decoded, PALLET, type SubnetState } from './subnet.js';

const API = 'SubnetInfoRuntimeApi';

/**
 * What the runtime's own metagraph holds of each neuron, by the names that polkadot gives the fields in JSON, with the
 * numbers by which parts of it are asked for (subtensor, rpc_info/metagraph.rs). The numbers stand in no metadata: an
 * answer without a part that was asked for is not used.
 */
const PARTS = {
  hotkeys: 52,
  coldkeys: 53,
  validatorPermit: 57,
  lastUpdate: 59,
  dividends: 61,
  incentives: 62,
  blockAtRegistration: 66,
  totalStake: 69,
} as const;

/**
 * The neurons of the subnet, in ascending order of uid.
 * @param size number of uids
 * @throws ANSWER_MALFORMED, what `Link.call` throws
 */
export async function readNeurons(subnet: SubnetState, size: number): Promise<Neuron[]> {
  const [found, { ValidatorTrust }] = await Promise.all([
    metagraph(subnet, size),
    subnet.items([], ['ValidatorTrust']),
  ]);
  const trust = answerAs(z.array(fraction).default([]), `${PALLET}.ValidatorTrust`, ValidatorTrust);
  // Empty where no epoch has written it.
  const complete = trust.length === 0 ? found : { ...found, validatorTrust: trust };
  for (const [name, { length }] of Object.entries(complete))
    if (length !== size) throw malformed('the metagraph', `${name} has ${length} places for ${size} uids`);
  return found.hotkeys.map((hotkey, uid) => ({
    uid: asUid(uid),
    hotkey: asHotkey(hotkey),
    coldkey: found.coldkeys[uid] ?? '',
    stake: found.totalStake[uid] ?? 0n,
    validatorPermit: found.validatorPermit[uid] ?? false,
    lastUpdate: asBlockNumber(found.lastUpdate[uid] ?? 0),
    registeredAt: asBlockNumber(found.blockAtRegistration[uid] ?? 0),
    incentive: found.incentives[uid] ?? 0,
    dividends: found.dividends[uid] ?? 0,
    validatorTrust: trust[uid] ?? 0,
  }));
}

/** By the best function that this runtime has; out of single storage maps where it has none, or none can be called. */
async function metagraph(subnet: SubnetState, size: number): Promise<Columns> {
  const { netuid, mechanism } = subnet.place;
  const parts = Object.values(PARTS);
  const answer =
    (await called(subnet, 'get_selective_mechagraph', [netuid, mechanism, parts])) ??
    (mechanism === 0 ? await called(subnet, 'get_selective_metagraph', [netuid, parts]) : undefined) ??
    (await called(subnet, 'get_mechagraph', [netuid, mechanism])) ??
    (mechanism === 0 ? await called(subnet, 'get_metagraph', [netuid]) : undefined);
  return answer ?? readColumns(subnet, size);
}

/** Whether another way to the metagraph may work: the node serves no runtime calls, or this one fails by itself. */
const isUncallable = (error: unknown): boolean =>
  isNotServed(error) ||
  (isAssayError(error) && error.code === 'CALL_REFUSED' && /execution (failed|aborted)|wasm trap/i.test(error.message));

async function called(subnet: SubnetState, method: string, args: readonly unknown[]): Promise<Columns | undefined> {
  const { runtime, state, callable } = subnet;
  if (!callable || !runtime.hasFunction(API, method)) return undefined;
  const encoded = runtime.encodeArguments(API, method, args);
  try {
    return columnsOf(runtime, method, await state.call(`${API}_${method}`, encoded));
  } catch (error) {
    if (isUncallable(error)) return undefined;
    throw error;
  }
}

/** The columns in an answer of one of these functions; undefined where it lacks one. @throws ANSWER_MALFORMED */
export function columnsOf(runtime: Runtime, method: string, answer: string): Columns | undefined {
  const json = decoded(`${API}_${method}`, () => runtime.decodeAnswer(API, method, answer));
  return columns.safeParse(json).data;
}
