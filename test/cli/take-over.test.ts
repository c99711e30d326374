import { asBlockNumber, asHotkey, asUid } from '@assay/core/contracts/brands';
import type { Neuron } from '@assay/core/contracts/chain-client';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReferenceMiner, ReferenceState } from '../../cli/dist/state/reference-files.js';
import { takeOver } from '../../cli/dist/state/take-over.js';

const averages = z.object({ weights: z.array(z.number()), hotkeys: z.array(z.string()) });
const RULE = { rule: 'softmax-average', version: 1, parameters: { temperature: 0.01, alpha: 0.5 } };

/** Hotkeys are named by letters here. */
const neuron = (uid: number, hotkey: string, registeredAt: number): Neuron => ({
  uid: asUid(uid),
  hotkey: asHotkey(hotkey),
  coldkey: '',
  stake: 0n,
  validatorPermit: false,
  lastUpdate: asBlockNumber(0),
  registeredAt: asBlockNumber(registeredAt),
  incentive: 0,
  dividends: 0,
  validatorTrust: 0,
});

const miner = (hotkey: string, evaluatedAt?: number): ReferenceMiner => ({
  hotkey,
  commitment: `some:model:${hotkey}`,
  block: 10,
  results: new Map(
    evaluatedAt === undefined ? [] : [[1, [{ block: evaluatedAt, score: 2, winnerBlock: 10, winnerScore: 2 }]]],
  ),
});

const taken = (state: Partial<ReferenceState>, neurons: readonly Neuron[]): ReturnType<typeof takeOver> =>
  takeOver(
    { miners: null, weights: null, uids: null, ...state },
    {
      snapshot: { neurons: [...neurons], at: { number: asBlockNumber(5000), hash: '' } },
      competitions: new Set([1]),
      rule: RULE,
    },
  );

/** Who holds what of competition 1. */
function held(state: Partial<ReferenceState>, neurons: readonly Neuron[]): Record<string, number> {
  const standing = averages.parse(taken(state, neurons).state.standings.get(1)?.state);
  return Object.fromEntries(
    standing.hotkeys.flatMap((hotkey, uid) => (hotkey === '' ? [] : [[hotkey, standing.weights[uid] ?? 0]])),
  );
}

const weights = new Map([[1, [0.5, 0.25, 0.25]]]);
const NEURONS = [neuron(0, 'a', 1), neuron(1, 'b', 2), neuron(2, 'c', 3)];

const CASES: readonly (readonly [what: string, miners: ReferenceMiner[] | null, neurons: Neuron[], held: object])[] = [
  ['everybody is as before', [miner('a', 900), miner('b'), miner('c')], NEURONS, { a: 0.5, b: 0.25, c: 0.25 }],
  ['a uid has another hotkey', [miner('a', 900), miner('b'), miner('x')], NEURONS, { a: 0.5, b: 0.25 }],
  [
    'a known hotkey has come to another uid after the newest result',
    [miner('a', 900), miner('b'), miner('c')],
    [neuron(0, 'a', 1), neuron(1, 'c', 901)],
    { a: 0.5 },
  ],
  ['there are no results', [miner('a'), miner('b'), miner('c')], NEURONS, { a: 0.5, b: 0.25, c: 0.25 }],
  ['there is no tracker', null, NEURONS, { a: 0.5, b: 0.25, c: 0.25 }],
];

describe('takeOver', () => {
  it.each(CASES)('gives weights to hotkeys when %s', (_what, miners, neurons, expected) => {
    expect(held({ miners, weights }, neurons)).toEqual(expected);
  });

  it('keeps nobody on a list for a uid that had another hotkey', () => {
    const uids = { kept: new Map([[1, new Set([0, 1])]]), pending: new Map([[1, new Set([2])]]) };
    const miners = [miner('a', 900), miner('b'), miner('c')];
    const { state, left } = taken({ miners, uids }, [neuron(0, 'a', 1), neuron(1, 'c', 901), neuron(2, 'b', 2)]);
    expect(state.claims.map(({ hotkey, kept, pending }) => [hotkey, kept, pending])).toEqual([
      ['a', [1], []],
      ['b', [], [1]],
      ['c', [], []],
    ]);
    expect(left.map(({ what }) => what)).toEqual(['uid 1, kept in competition 1']);
  });

  it('leaves competitions that are not judged here', () => {
    const { state, left } = taken({ miners: [miner('a', 900)], weights: new Map([[7, [1]]]) }, NEURONS);
    expect(state.standings.size).toBe(0);
    expect(left).toMatchObject([{ what: 'weights of competition 7' }]);
  });
});
