import { kingChain } from '@assay/competition-duel/dist/standing/king-chain.js';
import type { ModelReference } from '@assay/core/contracts/model';
import { NO_UID, type JudgedRound, type Seat } from '@assay/core/contracts/standing-rule';
import { expect, it } from 'vitest';

const SEATS: readonly Seat[] = ['a', 'b', 'c', 'd'].map((hotkey, uid) => ({ uid, hotkey }));
const referenceOf = (name: string): ModelReference => ({ namespace: 'miner', name, revision: '0'.repeat(40) });
const FIRST = { reference: referenceOf('first') };

type Contender = JudgedRound['contenders'][number];
const contender = (uid: number, hotkey: string, name = `model of ${hotkey}`): Contender => ({
  ...{ uid, hotkey, block: 10 + uid, digest: name, reference: referenceOf(name), score: 1, record: null },
});
const round = (winner: number | null, ...contenders: Contender[]): JudgedRound => ({
  ...{ contenders, winner, seats: SEATS, block: 100 },
});
const ruleWith = (parameters: object): ReturnType<typeof kingChain.bind> =>
  kingChain.bind(kingChain.parameters.parse(parameters));

it('begins with the first king of the profile, which nobody is paid for without a hotkey', () => {
  const rule = ruleWith({ king: FIRST });
  const state = rule.first ?? { reigns: [] };
  expect(rule.defenders?.(state)).toEqual([{ hotkey: 'the-first-king', block: 0, reference: FIRST.reference }]);
  expect([rule.incumbents(state), rule.shares(state, SEATS)]).toEqual([[], [0, 0, 0, 0]]);
  const owned = ruleWith({ king: { ...FIRST, hotkey: 'b' } });
  expect(owned.incumbents(owned.first ?? state)).toEqual(['b']);
  expect(owned.shares(owned.first ?? state, SEATS)).toEqual([0, 1, 0, 0]);
  expect(ruleWith({}).first).toBeUndefined();
});

it('keeps who wins as the king, and crowns who dethrones it', () => {
  const rule = ruleWith({ king: { ...FIRST, hotkey: 'a' } });
  const king = contender(0, 'a', 'first');
  const kept = rule.next(rule.first, round(0, king, contender(1, 'b')));
  expect(kept.state).toEqual(rule.first);
  expect([...kept.values]).toEqual([
    [0, { reign: 1 }],
    [1, { reign: null }],
  ]);
  const crowned = rule.next(kept.state, round(1, king, contender(1, 'b')));
  expect(rule.incumbents(crowned.state)).toEqual(['b', 'a']);
  expect(rule.defenders?.(crowned.state)).toEqual([{ hotkey: 'b', block: 11, reference: referenceOf('model of b') }]);
  expect([...crowned.values]).toEqual([
    [0, { reign: 2 }],
    [1, { reign: 1 }],
  ]);
  expect(rule.shares(crowned.state, SEATS)).toEqual([0.5, 0.5, 0, 0]);
});

it('takes a round without a winner for one that changes nothing', () => {
  const rule = ruleWith({ king: FIRST });
  expect(rule.next(rule.first, round(null)).state).toEqual(rule.first);
  expect(rule.next(undefined, round(null)).state).toEqual(rule.first);
  expect(ruleWith({}).next(undefined, round(null)).state).toEqual({ reigns: [] });
});

it('counts a king that wins with another model as crowned once more, and pays it once', () => {
  const rule = ruleWith({ kings: 2 });
  let { state } = rule.next(undefined, round(0, contender(0, 'a')));
  ({ state } = rule.next(state, round(1, contender(0, 'a'), contender(1, 'b'))));
  ({ state } = rule.next(state, round(1, contender(1, 'b', 'newer model of b'))));
  expect(state.reigns.map(({ reference }) => reference.name)).toEqual(['newer model of b', 'model of b']);
  // The reign of a is the third one.
  expect(rule.shares(state, SEATS)).toEqual([0, 1, 0, 0]);
});

it('lets a king that has left reign on without weight', () => {
  const rule = ruleWith({});
  let { state } = rule.next(undefined, round(0, contender(0, 'a')));
  ({ state } = rule.next(state, round(1, contender(0, 'a'), contender(1, 'b'))));
  const without = SEATS.map((seat) => (seat.uid === 1 ? { ...seat, hotkey: 'newcomer' } : seat));
  const after = rule.next(state, { ...round(NO_UID, contender(NO_UID, 'b'), contender(2, 'c')), seats: without });
  expect(after.state).toEqual(state);
  expect(rule.defenders?.(after.state)[0]?.hotkey).toBe('b');
  expect(rule.shares(after.state, without)).toEqual([1, 0, 0, 0]);
  expect(rule.shares(after.state, [])).toEqual([]);
});

it('rounds shares to digits', () => {
  const rule = ruleWith({ digits: 6 });
  const state = { reigns: ['a', 'b', 'c'].map((hotkey) => ({ hotkey, block: 1, reference: FIRST.reference })) };
  expect(rule.shares(state, SEATS)).toEqual([0.333333, 0.333333, 0.333333, 0]);
  expect(ruleWith({}).shares(state, SEATS)[0]).toBe(0.333333333);
});

it('takes a list without a reign, as an operator may write it, for the first king', () => {
  const rule = ruleWith({ king: { ...FIRST, hotkey: 'a' } });
  const none = { reigns: [] };
  expect(rule.defenders?.(none)).toEqual([{ hotkey: 'a', block: 0, reference: FIRST.reference }]);
  expect([rule.incumbents(none), rule.shares(none, SEATS)]).toEqual([['a'], [1, 0, 0, 0]]);
  const { state } = rule.next(none, round(1, contender(0, 'a', 'first'), contender(1, 'b')));
  expect(rule.incumbents(state)).toEqual(['b', 'a']);
});

it('pays no more reigns than it counts, also of a longer list of an operator', () => {
  const rule = ruleWith({ kings: 2 });
  const reigns = ['d', 'c', 'b', 'a'].map((hotkey) => ({ hotkey, block: 1, reference: referenceOf(hotkey) }));
  expect(rule.shares({ reigns }, SEATS)).toEqual([0, 0, 0.5, 0.5]);
  expect(rule.incumbents({ reigns })).toEqual(['d', 'c']);
});
