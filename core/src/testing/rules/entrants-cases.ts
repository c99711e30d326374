import { isDeepStrictEqual } from 'node:util';
import type { EnteredRound, AnyEntrantsRule, PastResult, Waiting } from '../../contracts/entrants-rule.js';
import { linearDecay } from '../../rules/epsilon/linear-decay.js';
import { demand } from '../checks.js';
import { INTAKE_CASES, takenIn } from './intake-cases.js';
import { NOW, referenceOf, seatsOf } from './worlds.js';

type Case = (rule: AnyEntrantsRule) => void;

const SEATS = seatsOf(8);
const waitingOf = (uid: number, isKept = false): Waiting => ({
  uid,
  hotkey: `hotkey-${uid}`,
  block: NOW - 1000 + uid,
  digest: `model-${uid}`,
  isKept,
});
const ALL = [2, 3, 4, 5].map((uid) => waitingOf(uid));
const context = { block: NOW, incumbents: [] };

/** The round of whoever a rule has let play: the last of them wins, and the first could not be scored here. */
const roundOf = (hotkeys: readonly string[]): EnteredRound => {
  const playing = ALL.filter(({ hotkey }) => hotkeys.includes(hotkey));
  const winner = playing.at(-1)?.uid ?? null;
  return {
    contenders: playing.map(({ uid, hotkey, block, digest }, index) => {
      const isScored = playing.length === 1 || index > 0;
      return {
        ...{ uid, hotkey, block, digest, reference: referenceOf(uid) },
        score: isScored ? 3 - uid / 10 : null,
        record: isScored ? { wins: uid === winner ? 1 : 0, matches: 1, winRate: uid === winner ? 1 : 0 } : null,
        outcome: isScored ? ('scored' as const) : ('waiting' as const),
      };
    }),
    winner,
    seats: SEATS,
    block: NOW,
    shares: SEATS.map(({ uid }) => (uid === winner ? 1 : 0)),
  };
};

/** The state of a rule that has taken in the claims of all who wait; undefined where claims are not taken in. */
const begun = (rule: AnyEntrantsRule): unknown => (rule.intake ? takenIn(rule.intake).state : undefined);

/** What every entrants rule has to do. */
export const ENTRANTS_CASES: Readonly<Record<string, Case>> = {
  'lets nobody play who does not wait, and nobody twice': (rule) => {
    const playing = rule.select(begun(rule), ALL, context);
    const stranger = playing.find((hotkey) => !ALL.some((one) => one.hotkey === hotkey));
    demand(stranger === undefined, `${stranger ?? ''} plays`);
    demand(new Set(playing).size === playing.length, 'a hotkey plays twice');
    demand(rule.select(begun(rule), [], context).length === 0, 'somebody plays where nobody waits');
  },
  'lets somebody play where somebody waits for the first round': (rule) => {
    demand(rule.select(begun(rule), ALL, context).length > 0, 'nobody plays');
  },
  'selects the same twice and changes nothing of what it is given': (rule) => {
    const given = structuredClone(ALL);
    const [one, other] = [rule.select(begun(rule), ALL, context), rule.select(begun(rule), ALL, context)];
    demand(isDeepStrictEqual(one, other), 'the second time others play');
    demand(isDeepStrictEqual(given, ALL), 'who waits is another after it');
  },
  'keeps a state that the journal can hold': (rule) => {
    let state = begun(rule);
    for (let round = 0; round < 4; round += 1) {
      const { state: next } = rule.next(state, roundOf(rule.select(state, ALL, context))) as { state: unknown };
      state = rule.state.parse(JSON.parse(JSON.stringify(next)));
      demand(isDeepStrictEqual(state, next), 'its state is another after it was written and read');
    }
  },
  'keeps only uids that played, ascending': (rule) => {
    const round = roundOf(rule.select(begun(rule), ALL, context));
    const { keep } = rule.next(begun(rule), round);
    const played = round.contenders.map(({ uid }) => uid);
    demand(
      keep.every((uid, index) => played.includes(uid) && uid > (keep[index - 1] ?? -1)),
      `it keeps ${keep.join(' ')} of ${played.join(' ')}`,
    );
  },
  'does not turn away whom this machine could not score': (rule) => {
    const selected = rule.select(begun(rule), ALL, context);
    const round = roundOf(selected);
    const failed = round.contenders.find(({ outcome }) => outcome === 'waiting');
    if (!failed) return;
    const { state } = rule.next(begun(rule), round) as { state: unknown };
    const others = ALL.filter(({ uid }) => uid === failed.uid || uid === round.winner);
    const incumbents = round.winner === null ? [] : [`hotkey-${round.winner}`];
    demand(
      rule.select(state, others, { block: NOW, incumbents }).includes(failed.hotkey),
      `${failed.hotkey} does not play the next round`,
    );
  },
  'answers whether a model comes again, whatever its history': (rule) => {
    const epsilon = linearDecay.bind({ start: 0.005, end: 0.0005, blocks: 7200 });
    const result: PastResult = { block: NOW - 10, score: 2.5, winnerBlock: NOW - 900, winnerScore: 2.4 };
    for (const history of [[], [result], [{ ...result, score: null }], [{ ...result, winnerScore: null }]])
      demand(typeof rule.again(history, epsilon, NOW) === 'boolean', 'it does not');
  },
  ...INTAKE_CASES,
};
