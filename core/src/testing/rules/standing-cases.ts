import { isDeepStrictEqual } from 'node:util';
import {
  NO_UID,
  type AnyStandingRule,
  type Defender,
  type JudgedRound,
  type Seat,
} from '../../contracts/standing-rule.js';
import { demand } from '../checks.js';
import { NOW, referenceOf, seatsOf } from './worlds.js';

type Case = (rule: AnyStandingRule) => void;

const SEATS = seatsOf(8);

/** A round of uids 2 to 5, won by one of them; uid 5 has no score. */
const roundOf = (winner: number | null, seats: readonly Seat[] = SEATS): JudgedRound => ({
  contenders: [2, 3, 4, 5].map((uid) => ({
    uid,
    hotkey: seats[uid]?.hotkey ?? `hotkey-${uid}`,
    block: NOW - 1000 + uid,
    digest: `model-${uid}`,
    reference: referenceOf(uid),
    score: uid === 5 ? null : 2 + uid / 10 - (uid === winner ? 1 : 0),
    record: uid === 5 ? null : { wins: uid === winner ? 2 : 1, matches: 2, winRate: uid === winner ? 1 : 0.25 },
  })),
  winner,
  seats,
  block: NOW,
});

/** The state after rounds, each read back from JSON as the journal does. */
function after(rule: AnyStandingRule, rounds: readonly JudgedRound[], before?: unknown): unknown {
  let state = before;
  for (const round of rounds) state = rule.state.parse(JSON.parse(JSON.stringify(rule.next(state, round).state)));
  return state;
}

/** A round of the defender, whose hotkey is not registered, and uid 4, which loses. */
function roundAway(defending: Defender, seats: readonly Seat[]): JudgedRound {
  const { contenders, ...round } = roundOf(null, seats);
  const away = contenders.slice(0, 1).map((one) => ({ ...one, ...defending, uid: NO_UID, score: 1 }));
  return { ...round, contenders: [...away, ...contenders.filter(({ uid }) => uid === 4)], winner: NO_UID };
}

const defendersOf = (rule: AnyStandingRule, state: unknown): readonly Defender[] => rule.defenders?.(state) ?? [];

const sumOf = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + share, 0);
const WINNERS = [2, 3, 3, 4, 2, null];
const HISTORY = WINNERS.map((winner) => roundOf(winner));

/** What every standing rule has to do. */
export const STANDING_CASES: Readonly<Record<string, Case>> = {
  'keeps a state that the journal can hold': (rule) => {
    let state: unknown;
    for (const round of HISTORY) {
      const next: unknown = rule.next(state, round).state;
      state = rule.state.parse(JSON.parse(JSON.stringify(next)));
      demand(isDeepStrictEqual(state, next), 'its state is another after it was written and read');
    }
  },
  'goes on the same way from the same state': (rule) => {
    demand(isDeepStrictEqual(after(rule, HISTORY), after(rule, HISTORY)), 'two runs over the same rounds differ');
  },
  'leaves the state before as it was': (rule) => {
    const before = after(rule, HISTORY.slice(0, 3));
    const copy = structuredClone(before);
    rule.next(before, roundOf(4));
    demand(isDeepStrictEqual(before, copy), 'it changes the state that it is given');
  },
  'hands out shares from 0, and no more than everything': (rule) => {
    for (let rounds = 1; rounds <= HISTORY.length; rounds += 1) {
      const shares = rule.shares(after(rule, HISTORY.slice(0, rounds)), SEATS);
      demand(
        shares.every((share) => Number.isFinite(share) && share >= 0),
        `shares ${shares.join(' ')}`,
      );
      demand(sumOf(shares) <= 1 + 1e-5, `the shares sum to ${sumOf(shares)}`);
    }
  },
  'gives something to who has won': (rule) => {
    const shares = rule.shares(after(rule, [roundOf(3)]), SEATS);
    demand((shares[3] ?? 0) > 0, 'the only winner there was has nothing');
  },
  'gives nothing to hotkeys that are not registered': (rule) => {
    const state = after(rule, HISTORY);
    const others = SEATS.map(({ uid }) => ({ uid, hotkey: `another-${uid}` }));
    demand(sumOf(rule.shares(state, others)) === 0, 'the next owner of a uid gets what the last one earned');
    demand(sumOf(rule.shares(state, [])) === 0, 'it hands out weight where nobody is registered');
  },
  'takes a subnet that grows': (rule) => {
    const state = after(rule, [roundOf(2), roundOf(3, seatsOf(20))]);
    const shares = rule.shares(state, seatsOf(20));
    demand(sumOf(shares) > 0 && sumOf(shares) <= 1 + 1e-5, `the shares sum to ${sumOf(shares)}`);
  },
  'calls incumbent who holds weight': (rule) => {
    const state = after(rule, HISTORY.slice(0, 3));
    const incumbents = rule.incumbents(state);
    const shares = rule.shares(state, SEATS);
    const holders = SEATS.filter(({ uid }) => (shares[uid] ?? 0) > 0).map(({ hotkey }) => hotkey);
    demand(
      isDeepStrictEqual([...incumbents].sort(), holders.sort()),
      `incumbents are ${incumbents.join(' ')}, weight have ${holders.join(' ')}`,
    );
  },
  'begins with a state that the journal can hold': (rule) => {
    const first: unknown = rule.first;
    if (first === undefined) return;
    const read: unknown = rule.state.parse(JSON.parse(JSON.stringify(first)));
    demand(isDeepStrictEqual(read, first), 'its first state is another after it was written and read');
    demand(
      isDeepStrictEqual(after(rule, [roundOf(3)], read), after(rule, [roundOf(3)], first)),
      'it goes on otherwise',
    );
  },
  'defends models each of another hotkey, and the one that has won': (rule) => {
    for (const state of [rule.first as unknown, after(rule, HISTORY)]) {
      const hotkeys = (state === undefined ? [] : defendersOf(rule, state)).map(({ hotkey }) => hotkey);
      demand(new Set(hotkeys).size === hotkeys.length, `it defends ${hotkeys.join(' ')}`);
    }
    const [best] = defendersOf(rule, after(rule, [roundOf(2), roundOf(3)]));
    const [winner] = roundOf(3).contenders.filter(({ uid }) => uid === 3);
    demand(
      !best || (best.hotkey === winner?.hotkey && isDeepStrictEqual(best.reference, winner.reference)),
      `uid 3 has won, and it defends the model of ${best?.hotkey ?? ''}`,
    );
  },
  'goes on defending a model whose owner has left, and gives its share to no other hotkey': (rule) => {
    const before = after(rule, [roundOf(3)]);
    const [best] = defendersOf(rule, before);
    if (!best) return;
    const seats = SEATS.map((seat) => (seat.uid === 3 ? { ...seat, hotkey: 'another-3' } : seat));
    const state = after(rule, [roundAway(best, seats)], before);
    demand(isDeepStrictEqual(defendersOf(rule, state)[0], best), 'it defends another one');
    demand(sumOf(rule.shares(state, seats)) === 0, 'somebody gets what the one who has left would get');
  },
  'has values for its columns and for nothing else': (rule) => {
    const keys = new Set(rule.columns.map(({ key }) => key));
    for (const values of rule.next(undefined, roundOf(3)).values.values())
      for (const key of Object.keys(values)) demand(keys.has(key), `no column is called ${key}`);
  },
};
