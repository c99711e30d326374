import { randomUUID } from 'node:crypto';
import type { ChainWorld, Place } from '@assay/core/testing/chain-conformance';
import { encode, storage } from './client.js';
import { NETUID, rawField, type World } from './world.js';

/** A round of drand that is far in the future. */
const SEALED_ROUND = 99_999_999;
const MOST_REVEALS = 10;

/** Names of the parameters in the runtime's storage; StakeThreshold belongs to no subnet. */
const ITEMS = {
  tempo: 'Tempo',
  weightsRateLimit: 'WeightsSetRateLimit',
  weightsVersionKey: 'WeightsVersionKey',
  minAllowedWeights: 'MinAllowedWeights',
  maxUids: 'MaxAllowedUids',
  commitRevealEnabled: 'CommitRevealWeightsEnabled',
  revealPeriodEpochs: 'RevealPeriodEpochs',
  immunityPeriod: 'ImmunityPeriod',
  activityCutoff: 'ActivityCutoff',
} as const;

/**
 * The real runtime as the conformance kit moves it: by extrinsics where the runtime has them, by raw storage where the test
 * has to choose what the chain chooses by itself (which uid is replaced, when a timelock opens).
 */
export function kitWorldOn(world: World): ChainWorld {
  const names = new Map<string, string>();
  const sealed = new Map<string, string>();
  const opened = new Map<string, (readonly [string, number])[]>();
  const nameOf = (hotkey: string): string => {
    const name = names.get(hotkey);
    if (name === undefined) throw new Error(`${hotkey} was not registered by this world`);
    return name;
  };
  const fresh = (): string => {
    const name = `kit-${randomUUID()}`;
    names.set(world.hotkey(name).address, name);
    return name;
  };
  const headNumber = async (): Promise<number> => (await world.api.rpc.chain.getHeader()).number.toNumber();
  return {
    makeBlocks: async (count) => {
      await world.node.newBlock(count);
    },
    register: async ({ uid, hotkey }) => {
      const name = hotkey === undefined ? fresh() : nameOf(hotkey);
      const address = world.hotkey(name).address;
      if (uid !== undefined) return putAt(world, uid, address, await headNumber());
      const [found] = await world.register(name);
      return { uid: found ?? 0, hotkey: address };
    },
    swapHotkey: async (uid) => {
      const to = fresh();
      await world.swapHotkey(nameOf(await hotkeyAt(world, uid)), to);
      return world.hotkey(to).address;
    },
    putCommitment: async (hotkey, bytes) => {
      await world.commit(nameOf(hotkey), rawField(bytes));
    },
    putTimelocked: async (hotkey, text) => {
      sealed.set(hotkey, text);
      const encrypted = `0x${Buffer.from(text).toString('hex')}`;
      await world.commit(nameOf(hotkey), { TimelockEncrypted: { encrypted, revealRound: SEALED_ROUND } });
    },
    reveal: async (hotkey) => {
      const block = (await headNumber()) + 1;
      const list = [...(opened.get(hotkey) ?? []), [sealed.get(hotkey) ?? '', block] as const].slice(-MOST_REVEALS);
      opened.set(hotkey, list);
      await world.reveal(nameOf(hotkey), list);
      const [key] = encode(world.api, 'commitments', 'commitmentOf', [NETUID, hotkey], {
        deposit: 0,
        block: 0,
        info: { fields: [] },
      });
      await world.node.setStorage([[key, null]]);
      await world.node.newBlock();
    },
    setWeights: async (row) => {
      await world.setWeights('other', row);
      return world.uidOf('other');
    },
    passEpoch: async () => {
      await world.epoch();
    },
    setParameters: async ({ stakeThreshold, consensus, ...others }) => {
      if (consensus !== undefined) throw new Error('this runtime has one consensus alone');
      const entries = Object.entries(others).map(([name, value]) =>
        world.entry(ITEMS[name as keyof typeof ITEMS], [NETUID], value),
      );
      if (stakeThreshold !== undefined) entries.push(world.entry('StakeThreshold', [], stakeThreshold));
      await world.node.setStorage(entries);
      await world.node.newBlock();
    },
  };
}

async function hotkeyAt(world: World, uid: number): Promise<string> {
  return (await storage(world.api, 'subtensorModule', 'keys')(NETUID, uid)).toString();
}

/** Puts a hotkey in the place of another one, as the chain does on a full subnet. */
async function putAt(world: World, uid: number, hotkey: string, block: number): Promise<Place> {
  const old = await hotkeyAt(world, uid);
  const gone = (item: string, keys: readonly unknown[], value: unknown): [string, null] => [
    world.entry(item, keys, value)[0],
    null,
  ];
  await world.node.setStorage([
    gone('Uids', [NETUID, old], uid),
    gone('IsNetworkMember', [old, NETUID], true),
    world.entry('Keys', [NETUID, uid], hotkey),
    world.entry('Uids', [NETUID, hotkey], uid),
    world.entry('IsNetworkMember', [hotkey, NETUID], true),
    world.entry('Owner', [hotkey], world.alice.address),
    world.entry('BlockAtRegistration', [NETUID, uid], block + 1),
  ]);
  await world.node.newBlock();
  return { uid, hotkey };
}
