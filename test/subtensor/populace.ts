import { call, encode } from './client.js';
import { NETUID, rawField, type DataField, type World } from './world.js';

const HASH = `0x${'5a'.repeat(32)}`;
const RAO = 1_000_000_000n;
const WHOLE = 2n ** 64n - 1n;

export const VALIDATORS = ['first', 'second', 'third'] as const;
export const MINERS = Array.from({ length: 30 }, (_, index) => `miner-${index}`);

/** What miners commit, the first one the first: every variant of `Data`, several fields, and bytes that are no text. */
export const COMMITTED: readonly (readonly DataField[])[] = [
  [rawField('namespace:name:0123456789abcdef:1')],
  ['None'],
  [rawField('')],
  [rawField('b'.repeat(128))],
  [rawField('c'.repeat(129))],
  [rawField('d'.repeat(512))],
  [{ BlakeTwo256: HASH }],
  [{ Sha256: HASH }],
  [{ Keccak256: HASH }],
  [{ ShaThree256: HASH }],
  [{ TimelockEncrypted: { encrypted: '0x0102', revealRound: 99_999_999 } }],
  ['ResetBondsFlag'],
  [rawField('first'), { Sha256: HASH }, rawField('last')],
  [{ Sha256: HASH }, rawField('second')],
  [],
  [rawField(Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x28, 0xf0, 0x9f]))],
  [rawField(Buffer.from([0xff, 0xfe]))],
  [rawField('\ufefftext\u0000with\nlines')],
];

/** Miners that have revealed: payloads as they were committed, and the blocks of their reveal, in the chain's order. */
const REVEALED: Readonly<Record<string, readonly (readonly [payload: string | Uint8Array, block: number])[]>> = {
  'miner-0': Array.from({ length: 10 }, (_, index) => [`reveal ${index}`, 3 + index]),
  'miner-1': [
    ['late', 9],
    ['early', 4],
  ],
  'miner-2': [
    [Buffer.from([0x61, 0xff, 0x62]), 5],
    ['', 6],
  ],
  'miner-3': [
    ['x'.repeat(1024), 5],
    ['x'.repeat(1025), 6],
    ['still here', 7],
  ],
  'miner-4': Array.from({ length: 12 }, (_, index) => [`one too many ${index}`, 3 + index]),
};

/** A subnet with validators whose weights have counted, and with all that can be committed. Returns its last block. */
export async function populate(world: World): Promise<string> {
  await world.register(...VALIDATORS, ...MINERS.slice(0, 15));
  await world.register(...MINERS.slice(15));
  for (const [index, name] of VALIDATORS.entries()) await world.stake(name, 900 - 300 * index);
  await inherit(world);
  await world.permit(...VALIDATORS);
  for (const [index, name] of VALIDATORS.entries())
    await world.setWeights(
      name,
      MINERS.slice(index, index + 20).map((_, place) => [4 + index + place, 65_535 >> (place % 8)]),
    );
  await world.epoch();
  await world.send(
    ...COMMITTED.map((fields, index) => {
      const commit = call(world.api, 'commitments', 'setCommitment', NETUID, { fields });
      return [world.hotkey(`miner-${index}`), commit] as const;
    }),
  );
  for (const [name, list] of Object.entries(REVEALED)) await world.reveal(name, list);
  return await world.node.newBlock();
}

/** Child and parent keys with shares that divide nothing evenly, TAO on the root, and a parent that has left. */
async function inherit(world: World): Promise<void> {
  const account = (name: string): string => world.hotkey(name).address;
  const share = (parts: bigint): bigint => WHOLE / 3n / parts + 12_345n;
  const families: [parent: string, child: string, share: bigint][] = [
    ['first', 'second', share(1n)],
    ['first', 'miner-20', share(7n)],
    ['second', 'third', WHOLE],
    ['outside', 'miner-21', share(2n)],
    ['outside', 'third', 1n],
  ];
  const lists = (item: string, mine: 0 | 1, other: 0 | 1): [string, string][] =>
    [...new Set(families.map((family) => family[mine]))].map((name) =>
      world.entry(
        item,
        [account(name), NETUID],
        families.filter((family) => family[mine] === name).map((family) => [family[2], account(family[other])]),
      ),
    );
  const alpha = (name: string, netuid: number, amount: bigint): [string, string] =>
    world.entry('TotalHotkeyAlpha', [account(name), netuid], amount);
  await world.node.setStorage([
    ...lists('ChildKeys', 0, 1),
    ...lists('ParentKeys', 1, 0),
    alpha('outside', NETUID, 12_345_678_912n),
    alpha('outside', 0, 987n * RAO + 654_321n),
    alpha('first', 0, 777_777n * RAO + 7n),
    alpha('miner-22', 0, 1n),
    encode(world.api, 'subtensorModule', 'taoWeight', [], 3_320_413_933_267_719_290n),
  ]);
}
