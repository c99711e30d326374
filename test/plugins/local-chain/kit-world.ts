import type { ChainClient } from '@assay/core/contracts/chain-client';
import type { ChainFactory, ChainWorld } from '@assay/core/testing/chain-conformance';
import { LocalChainClient, LocalNetwork, type GenesisInput } from '@assay/plugin-local-chain';
import { HandClock, newFile } from './networks.js';

const RAO = 1_000_000_000n;
const STAKE = (1_000n * RAO).toString();

/** A validator, another one, and a miner; room for many more, because checks leave behind what they have registered. */
const KIT_GENESIS = {
  netuid: 9,
  seed: 'kit',
  startBlock: 1000,
  blockTime: 0,
  hyperparameters: { tempo: 20, weightsRateLimit: 10, minAllowedWeights: 2, weightsVersionKey: 3 },
  neurons: [
    { uid: 0, name: 'validator', stake: STAKE, validatorPermit: true, registeredAt: 10 },
    { uid: 1, name: 'other', stake: STAKE, validatorPermit: true, registeredAt: 10 },
    { uid: 2, name: 'miner', registeredAt: 20 },
  ],
} satisfies GenesisInput;

const HOTKEYS = { validator: 'validator', miner: 'miner', stranger: '//stranger' } as const;

/** Far enough that only `reveal` gets there. */
const SEALED_FOR = 1000;

export interface Kit {
  open: ChainFactory;
  world: Required<ChainWorld>;
  close(): void;
}

/** One embedded network, as its administrator and its clients see it. */
export async function newKit(): Promise<Kit> {
  const file = newFile();
  const network = await LocalNetwork.create(file, KIT_GENESIS);
  const open: ChainFactory = async ({ as, mode }): Promise<ChainClient> =>
    LocalChainClient.init(
      { netuid: 9, blockTime: 0, hotkey: HOTKEYS[as], mode },
      { network: LocalNetwork.open(file, mode === 'read' ? 'read' : 'write'), clock: new HandClock() },
    );
  return {
    open,
    world: worldOf(network),
    close: () => {
      network.close();
    },
  };
}

function worldOf(network: LocalNetwork): Required<ChainWorld> {
  let made = 0;
  const opensAt = new Map<string, number>();
  const newKey = (): { derivation: string } => ({ derivation: `//kit/${(made += 1)}` });
  return {
    makeBlocks: async (count) => {
      network.advance(count);
    },
    register: ({ uid, hotkey }) => network.registerNeuron(hotkey === undefined ? newKey() : { hotkey }, uid),
    swapHotkey: (uid) => network.swapHotkey(uid, newKey()),
    deregister: async (uid) => {
      network.deregister(uid);
    },
    putCommitment: async (hotkey, bytes) => {
      network.setCommitment(hotkey, bytes);
    },
    putTextless: async (hotkey, kind) => {
      network.setTextless(hotkey, kind);
    },
    putTimelocked: async (hotkey, text) => {
      const opens = network.head().number + SEALED_FOR;
      opensAt.set(hotkey, opens);
      network.setTimelocked(hotkey, text, opens);
    },
    reveal: async (hotkey) => {
      network.advance(Math.max(0, (opensAt.get(hotkey) ?? 0) - network.head().number));
    },
    setWeights: async (row) => {
      network.putWeights(1, row);
      return 1;
    },
    passEpoch: async () => {
      const { nextEpoch, at } = network.snapshot();
      network.advance((nextEpoch ?? at.number) - at.number);
    },
    passTimelock: async (blocks) => {
      network.advance(blocks);
    },
    setParameters: async (change) => {
      const { consensus, ...others } = change;
      const named =
        consensus === undefined ? {} : { consensus: consensus === 'null' ? ('null' as const) : ('yuma' as const) };
      network.setHyperparameters({ ...others, ...named });
    },
  };
}
