import { kingChain } from '@assay/competition-duel/dist/standing/king-chain.js';
import type { ModelReference } from '@assay/core/contracts/model';
import { NO_UID, type JudgedRound, type Seat } from '@assay/core/contracts/standing-rule';
import { mergeStandings } from '@assay/core/judging/merge';
import { burn } from '@assay/core/rules/merge/burn';
import { byShare } from '@assay/core/rules/merge/by-share';
import { closeFloats, equal, fields, list, number, numbers, text, units, type Fields, type Kind } from '../unit.js';

const BURN_UID = 0;
const COMPETITION = 1;

/** Crownings one round after the other, then the shares, and the weights by `by-share` and `burn`. */
export const kingChains: Kind = (content) =>
  units(content, 'cases', (given) => {
    const king = { reference: referenceTo('seed'), hotkey: text(given['seed_king']) };
    const rule = kingChain.bind(kingChain.parameters.parse({ king }));
    const seats = seatsOf(given);
    let state = rule.first;
    for (const crowning of list(given['crownings']).map(fields))
      state = rule.next(state, roundOf(text(crowning['crowned']), text(crowning['digest']), seats)).state;
    if (!state) throw new Error('there is no king');
    equal('kings', rule.incumbents(state), given['kings']);
    const shares = rule.shares(state, seats);
    const isBurned = given['burned'] === true;
    const uids = numbers(given['uids']);
    equal(
      'shares',
      uids.map((uid) => shares[uid]),
      isBurned ? [0] : given['shares'],
    );
    const weights = weightsOf(shares, seats);
    equal(
      'weighted',
      weights.flatMap((weight, uid) => (weight > 0 ? [uid] : [])),
      [...uids].sort((a, b) => a - b),
    );
    closeFloats(
      'weights',
      uids.map((uid) => weights[uid] ?? 0),
      numbers(given['shares']).map((_share, _index, all) => 1 / all.length),
    );
    return 'reference';
  });

const referenceTo = (name: string): ModelReference => ({ namespace: 'miner', name, revision: '0'.repeat(40) });

/** The registered hotkeys of the vector. A real subnet has somebody at the uid that burns. */
function seatsOf(given: Fields): Seat[] {
  const seats = Object.entries(fields(given['registered'])).map(([hotkey, uid]) => ({ uid: number(uid), hotkey }));
  return seats.some(({ uid }) => uid === BURN_UID) ? seats : [{ uid: BURN_UID, hotkey: 'owner' }, ...seats];
}

function roundOf(hotkey: string, digest: string, seats: readonly Seat[]): JudgedRound {
  const uid = seats.find((seat) => seat.hotkey === hotkey)?.uid ?? NO_UID;
  const reference = referenceTo(digest.replace(':', '-'));
  const winner = { uid, hotkey, block: 1, digest, reference, score: 1, record: { wins: 1, matches: 1, winRate: 1 } };
  return { contenders: [winner], winner: uid, seats, block: 1 };
}

const weightsOf = (shares: readonly number[], seats: readonly Seat[]): number[] =>
  mergeStandings(
    {
      standings: new Map([[COMPETITION, shares]]),
      schedule: [{ id: COMPETITION, share: 1 }],
      seats,
      ownerHotkey: null,
    },
    [byShare.bind({ threshold: 0 }), burn.bind({ to: BURN_UID, share: 'unearned' })],
  );
