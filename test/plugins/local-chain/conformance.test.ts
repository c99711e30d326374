import { asBlockNumber, asHotkey, asNetuid, asUid } from '@assay/core/contracts/brands';
import type { ChainClient, ChainSnapshot } from '@assay/core/contracts/chain-client';
import { CHAIN_CHECKS, checkChain, type ChainRequest } from '@assay/core/testing/chain-conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKit, type Kit } from './kit-world.js';
import { frozen, inNeurons, inSnapshots, mutant, STRANGER, type Mutant, type Spoil } from './mutant.js';
import { submissionMutants } from './submission-mutants.js';

const { signal } = new AbortController();

describe('the embedded network', () => {
  it('passes every check of the kit that it can be put to', async () => {
    const kit = await newKit();
    const results = await checkChain(kit.open, kit.world);
    kit.close();
    expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
    expect(results.filter(({ skipped }) => skipped !== undefined)).toEqual([
      {
        subject: 'chain',
        name: 'says how it is connected, without credentials',
        skipped: 'the client has no connection',
      },
    ]);
    expect(results.map(({ name }) => name)).toEqual(Object.keys(CHAIN_CHECKS));
  });

  it('passes with one client and no world: the rest is skipped with a word', async () => {
    const kit = await newKit();
    const client = await kit.open({ as: 'validator', mode: 'validate' });
    if (!client) throw new Error('the kit has a validator');
    const results = await checkChain(client);
    expect(results.filter(({ reason }) => reason !== undefined)).toEqual([]);
    expect(results.find(({ name }) => name === 'shows the weights of other validators')?.skipped).toBe(
      'the world has no setWeights',
    );
    expect(results.find(({ name }) => name.startsWith('closes twice'))?.skipped).toContain('the author closes');
    // It is left open.
    await client.head(signal);
    await client.close();
    kit.close();
  });
});

const OTHER_FORMAT = '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5';

let calls = 0;

/** Each breaks one thing, and the check beside it has to see it. */
const MUTANTS: readonly Mutant[] = [
  [
    'has a head that never goes back',
    'a head that goes back',
    (inner) => ({
      head: async (given) => {
        const head = await inner.head(given);
        calls += 1;
        return calls % 2 === 0 ? { ...head, number: asBlockNumber(head.number - 100) } : head;
      },
    }),
  ],
  ['has a head that never goes back', 'a head that stands', (inner) => ({ head: frozen(() => inner.head(signal)) })],
  [
    'never undoes a block that it has named as its head',
    'a head of another fork',
    (inner) => ({ head: async (given) => ({ ...(await inner.head(given)), hash: `0x${'a'.repeat(64)}` }) }),
  ],
  [
    'knows the hash of each block up to its head, and of none beyond',
    'a hash of any block',
    (inner) => ({ blockHash: (block, given) => inner.blockHash(block, given).catch(() => `0x${'0'.repeat(64)}`) }),
  ],
  [
    'knows the hash of each block up to its head, and of none beyond',
    'one hash for all blocks',
    (inner) => ({ blockHash: async (_block, given) => (await inner.head(given)).hash }),
  ],
  [
    'knows the hash of each block up to its head, and of none beyond',
    'an error without a code',
    (inner) => ({
      blockHash: (block, given) =>
        inner.blockHash(block, given).catch(() => {
          throw new Error('1010');
        }),
    }),
  ],
  [
    'reads a snapshot at the block that it was asked for',
    'always the head',
    (inner) => ({ snapshot: (given) => inner.snapshot(given) }),
  ],
  [
    'reads the same twice at one block',
    'neurons in another order',
    (inner) => ({
      snapshot: async (given, at) => {
        const snapshot = await inner.snapshot(given, at);
        return at ? { ...snapshot, neurons: [...snapshot.neurons].reverse() } : snapshot;
      },
    }),
  ],
  [
    'reads nothing newer than the block that it was asked for',
    'the head under an older name',
    (inner) => ({ snapshot: async (given, at) => ({ ...(await inner.snapshot(given)), ...(at ? { at } : {}) }) }),
  ],
  [
    'refuses a block that is not of this chain',
    'a snapshot of any block',
    (inner) => ({ snapshot: (given) => inner.snapshot(given) }),
  ],
  ['says what subnet a snapshot is of', 'another subnet', inSnapshots(() => ({ netuid: asNetuid(3) }))],
  ...(
    [
      ['uids out of order', inSnapshots(({ neurons }) => ({ neurons: [...neurons].reverse() }))],
      ['an address of another format', inNeurons(() => ({ coldkey: OTHER_FORMAT }))],
      ['an address with a typing error', inNeurons(({ hotkey }) => ({ hotkey: asHotkey(`${hotkey.slice(0, -1)}1`) }))],
      ['shares as u16', inNeurons(() => ({ incentive: 65_535 }))],
      ['a share that is no number', inNeurons(() => ({ validatorTrust: Number.NaN }))],
      ['a negative stake', inNeurons(() => ({ stake: -1n }))],
      ['an update in the future', inNeurons(({ lastUpdate }) => ({ lastUpdate: asBlockNumber(lastUpdate + 10_000) }))],
      ['no neurons', inSnapshots(() => ({ neurons: [] }))],
      ['a hotkey twice', inNeurons((_, index) => (index < 2 ? { hotkey: STRANGER } : {}))],
    ] satisfies [string, Spoil][]
  ).map(
    ([fault, spoil]) => ['lists neurons by uid, with ss58 addresses, stake in rao and shares', fault, spoil] as const,
  ),
  [
    'shows who has replaced a neuron, and when',
    'one block of registration for all',
    inNeurons(() => ({ registeredAt: asBlockNumber(1) })),
  ],
  [
    'shows a swapped hotkey with the block of registration that it had',
    'a swap taken for a registration',
    inSnapshots(({ neurons, at }) => ({ neurons: neurons.map((neuron) => ({ ...neuron, registeredAt: at.number })) })),
  ],
  ['names the owner by hotkey, or none', 'a uid as owner', inSnapshots(() => ({ ownerHotkey: asHotkey('0') }))],
  ['names a next epoch that is ahead', 'the present block', inSnapshots(({ at }) => ({ nextEpoch: at.number }))],
  [
    'names a next epoch that is ahead',
    'an epoch too far ahead',
    inSnapshots(({ at }) => ({ nextEpoch: asBlockNumber(at.number + 5000) })),
  ],
  [
    'moves the next epoch on when one has passed',
    'an epoch that stands',
    inSnapshots(() => ({ nextEpoch: asBlockNumber(1020) })),
  ],
  [
    'reads the parameters of the subnet',
    'a number for a bigint',
    inSnapshots(({ parameters }) => ({ parameters: Object.assign({ ...parameters }, { stakeThreshold: 5 }) })),
  ],
  [
    'reads the parameters of the subnet',
    'a consensus of the chain’s own spelling',
    inSnapshots(({ parameters }) => ({ parameters: { ...parameters, consensus: 'Yuma' } })),
  ],
  [
    'follows a changed parameter',
    'a constant',
    inSnapshots(({ parameters }) => ({ parameters: { ...parameters, immunityPeriod: 7 } })),
  ],
  ['shows the weights of other validators', 'no weights', inSnapshots(() => ({ weights: new Map() }))],
  [
    'shows the weights of other validators',
    'weights as shares',
    inSnapshots(({ weights }) => ({
      weights: new Map(
        [...weights].map(([uid, row]) => [uid, row.map(([to, value]) => [to, value / 65_535] as const)]),
      ),
    })),
  ],
  [
    'lists one commitment for each registered hotkey',
    'those of strangers too',
    inSnapshots(() => ({ commitments: [{ hotkey: STRANGER, data: 'x', block: asBlockNumber(1) }] })),
  ],
  [
    'lists one commitment for each registered hotkey',
    'eleven reveals',
    inSnapshots(({ neurons }) => ({
      revealed: Array.from({ length: 11 }, () => ({
        hotkey: neurons[0]?.hotkey ?? STRANGER,
        data: '',
        block: asBlockNumber(1),
      })),
    })),
  ],
  [
    'lists one commitment for each registered hotkey',
    'a text that is unreadable as well',
    inSnapshots(({ neurons }) => {
      const own = { hotkey: neurons[0]?.hotkey ?? STRANGER, block: asBlockNumber(1) };
      return {
        commitments: [{ ...own, data: '' }],
        unreadable: [{ ...own, kind: 'empty', detail: 'nothing' }],
      };
    }),
  ],
  [
    'reads the bytes of a commitment as UTF-8, row by row',
    'bytes that are replaced',
    inSnapshots(({ commitments }) => ({
      commitments: commitments.map((row) => ({ ...row, data: row.data === 'ab' ? 'a\ufffdb' : row.data })),
    })),
  ],
  [
    'reads the bytes of a commitment as UTF-8, row by row',
    'one bad row that hides all',
    inSnapshots(({ commitments }) => ({
      commitments: commitments.some(({ data }) => data.includes('\u0000')) ? [] : commitments,
    })),
  ],
  [
    'reads the bytes of a commitment as UTF-8, row by row',
    'texts that are trimmed',
    inSnapshots(({ commitments }) => ({ commitments: commitments.map((row) => ({ ...row, data: row.data.trim() })) })),
  ],
  [
    'leaves out the commitments of hotkeys that have left',
    'one that is remembered',
    (inner) => {
      let known: ChainSnapshot['commitments'] = [];
      return {
        snapshot: async (...args) => {
          const snapshot = await inner.snapshot(...args);
          known = [...remembered, ...snapshot.commitments];
          remembered = known;
          return { ...snapshot, commitments: known };
        },
      };
    },
  ],
  [
    'keeps the block of a commitment of an earlier registration',
    'the block of registration',
    inSnapshots(({ commitments, neurons }) => ({
      commitments: commitments.map((row) => ({
        ...row,
        block: asBlockNumber(
          Math.max(row.block, neurons.find(({ hotkey }) => hotkey === row.hotkey)?.registeredAt ?? 0),
        ),
      })),
    })),
  ],
  ['lists commitments without a text, and why', 'none of them', inSnapshots(() => ({ unreadable: [] }))],
  [
    'lists a timelocked commitment as such until it is opened',
    'nothing that is revealed',
    inSnapshots(() => ({ revealed: [] })),
  ],
  [
    'lists a timelocked commitment as such until it is opened',
    'one of an unknown kind',
    inSnapshots(({ unreadable }) => ({ unreadable: unreadable.map((row) => ({ ...row, kind: 'unknown' })) })),
  ],
  [
    'keeps the last ten revealed commitments, the oldest first',
    'the newest first',
    inSnapshots(({ revealed }) => ({ revealed: [...revealed].reverse() })),
  ],
  [
    'keeps the last ten revealed commitments, the oldest first',
    'the newest only',
    inSnapshots(({ revealed }) => ({ revealed: revealed.slice(-1) })),
  ],
  [
    'shows a plain commitment that has overwritten a timelocked one',
    'the timelocked one beside it',
    inSnapshots(({ commitments }) => ({
      unreadable: commitments.map(({ hotkey, block }) => ({ hotkey, block, kind: 'timelocked', detail: 'sealed' })),
    })),
  ],
  [
    'obeys a signal that is aborted before the call',
    'a commitment all the same',
    (inner) => ({ commit: (text) => inner.commit(text, signal) }),
  ],
  [
    'obeys a signal that is aborted before the call',
    'an error of the platform',
    (inner) => ({
      head: async (given) => {
        given.throwIfAborted();
        return inner.head(given);
      },
    }),
  ],
  [
    'obeys a signal that is aborted during the call',
    'a call that does not end',
    () => ({ head: () => new Promise(() => undefined) }),
  ],
  [
    'obeys a signal that is aborted during the call',
    'an error without a code',
    (inner) => ({
      snapshot: async (given, at) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        given.throwIfAborted();
        return inner.snapshot(given, at);
      },
    }),
  ],
  [
    'names its hotkey, and signs with it',
    'half a signature',
    (inner) => ({
      identity: async () => ({ ...(await inner.identity()), sign: () => Promise.resolve(new Uint8Array(32)) }),
    }),
  ],
  [
    'names its hotkey, and signs with it',
    'a name',
    () => ({ identity: () => Promise.resolve({ hotkey: asHotkey('validator') }) }),
  ],
  [
    'changes nothing and signs nothing where it only reads',
    'a key that signs',
    (inner) => ({
      identity: async () => ({ ...(await inner.identity()), sign: () => Promise.resolve(new Uint8Array(64)) }),
    }),
  ],
  [
    'changes nothing and signs nothing where it only reads',
    'a commitment that is taken',
    (inner) => ({ commit: async (_text, given) => ({ at: await inner.head(given) }) }),
  ],
  ['commits as many bytes as it says, and refuses one more', 'more than it takes', () => ({ maxCommitmentBytes: 129 })],
  ['commits as many bytes as it says, and refuses one more', 'less than it takes', () => ({ maxCommitmentBytes: 100 })],
  [
    'moves the block of a text that is committed again',
    'a text that is sent once',
    (inner) => {
      const kept = new Map<string, ReturnType<ChainClient['commit']>>();
      return {
        commit: (text, given, options) => {
          const receipt = kept.get(text) ?? inner.commit(text, given, options);
          kept.set(text, receipt);
          return receipt;
        },
      };
    },
  ],
  [
    'refuses a commitment of a hotkey that is not registered',
    'a receipt all the same',
    (inner) => ({ commit: async (_text, given) => ({ at: await inner.head(given) }) }),
  ],
  [
    'refuses a commitment of a hotkey that is not registered',
    'a fault of the miner',
    (inner) => ({
      commit: (text, given) =>
        inner.commit(text, given).catch((error: unknown) => {
          throw Object.assign(Object.create(error as object) as Error, { fault: 'miner' });
        }),
    }),
  ],
  [
    'holds the weights that it takes',
    'a receipt without weights',
    (inner) => ({ setWeights: async (_submission, given) => ({ at: await inner.head(given), mode: 'set' }) }),
  ],
  [
    'changes nothing by weights that are refused',
    'a refusal after a change',
    (inner) => ({
      setWeights: async (submission, given, keep) => {
        await inner.commit('changed', given);
        return inner.setWeights(submission, given, keep);
      },
    }),
  ],
  ...submissionMutants(),
  [
    'says how it is connected, without credentials',
    'a password',
    () => ({
      connection: async () => ({
        endpoints: [{ endpoint: 'wss://me:secret@node', inUse: true, head: null, trouble: null }],
        runtime: 'node-subtensor 425',
        genesis: `0x${'0'.repeat(64)}`,
        blockTimeMs: 12_000,
        sinceHeadMs: 0,
      }),
    }),
  ],
  [
    'closes twice, and answers nothing afterwards',
    'a head of before',
    (inner) => ({ head: (given) => inner.head(given).catch(() => ({ number: asBlockNumber(1), hash: '0x' })) }),
  ],
  [
    'closes twice, and answers nothing afterwards',
    'an error when it is closed again',
    (inner) => {
      let isClosed = false;
      return {
        close: async () => {
          if (isClosed) throw new Error('closed already');
          isClosed = true;
          await inner.close();
        },
      };
    },
  ],
];

let remembered: ChainSnapshot['commitments'] = [];

describe('the kit', () => {
  let kit: Kit;
  beforeAll(async () => {
    kit = await newKit();
    // Something to compare from the start.
    await kit.world.setWeights([[asUid(2), 65_535]]);
  });
  afterAll(() => {
    kit.close();
  });

  it.each(MUTANTS)('fails “%s” for a client with %s', async (check, _fault, spoil) => {
    const open = async (request: ChainRequest): Promise<ChainClient | undefined> => {
      const inner = await kit.open(request);
      return inner && mutant(inner, spoil(inner, request));
    };
    const [result, ...others] = await checkChain(open, kit.world, { only: [check], deadlineMs: 2000 });
    expect(others).toEqual([]);
    expect(result).toMatchObject({ name: check, reason: expect.any(String) as string });
    expect(result?.reason).not.toContain('INTERNAL');
  });

  it('has a mutant for each of its checks', () => {
    const seen = new Set(MUTANTS.map(([check]) => check));
    expect(Object.keys(CHAIN_CHECKS).filter((name) => !seen.has(name))).toEqual([]);
  });
});
