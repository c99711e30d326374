import { isSameReference, modelReference } from '@assay/core/contracts/model';
import type { Rule } from '@assay/core/contracts/rule';
import {
  defender,
  type JudgedRound,
  type NextStanding,
  type Seat,
  type StandingRule,
} from '@assay/core/contracts/standing-rule';
import { z } from 'zod';
import { beginning, historySince } from '../beginning.js';

/** Stands in place of a hotkey where the first king has no owner. */
const NOBODY = 'the-first-king';
const MOST_KINGS = 64;

const parameters = z.strictObject({
  kings: z
    .number()
    .int()
    .min(1)
    .max(MOST_KINGS)
    .default(5)
    .describe('Reigns that are paid: the one that lasts, and those before it.'),
  digits: z.number().int().min(6).max(15).default(9).describe('Decimal digits that a share is rounded to.'),
  king: z
    .strictObject({ reference: modelReference, hotkey: z.string().min(1).optional() })
    .optional()
    .describe(
      'The model that reigns before anybody has won, and the hotkey that is paid for it; the first winner reigns when left out.',
    ),
  ...beginning(
    'Block from which on models reign. Left out: a validator that begins late does not ask who has reigned.',
  ),
});
type Parameters = z.infer<typeof parameters>;

const state = z.object({
  /** Reigns, the newest first; a hotkey that has reigned twice stands here twice. */
  reigns: z.array(defender),
});
type State = z.infer<typeof state>;

/** The king and those before it get equal shares: each hotkey once, and only hotkeys that are registered now. */
export const kingChain: Rule<StandingRule<State>, Parameters> = {
  name: 'king-chain',
  version: 1,
  summary: 'The winner reigns; the last kings that are registered have equal shares.',
  parameters,
  examples: [
    {},
    { kings: 3, king: { reference: { namespace: 'subnet', name: 'first-king', revision: '0'.repeat(40) } } },
  ],
  bind: ({ kings, digits, king, ...begins }) => {
    const first: State | undefined = king && {
      reigns: [{ hotkey: king.hotkey ?? NOBODY, block: 0, reference: king.reference }],
    };
    /** A list without a reign, as an operator may write it in the history, stands for the first king. */
    const begun = (now: State): State => (now.reigns.length > 0 || !first ? now : first);
    const paid = (now: State): string[] => hotkeysOf({ reigns: begun(now).reigns.slice(0, kings) });
    return {
      columns: [{ key: 'reign', title: 'reign', about: 'Place among the kings that are paid, 1 for who reigns now.' }],
      state,
      ...(first ? { first } : {}),
      ...historySince(begins, 'which models have reigned'),
      defenders: (now) => begun(now).reigns.slice(0, 1),
      next: (before, round) => nextState(before ? begun(before) : first, round, kings),
      shares: (now, seats) => sharesOf(paid(now), seats, digits),
      incumbents: (now) => paid(now).filter((hotkey) => hotkey !== NOBODY),
    };
  },
};

function nextState(before: State | undefined, round: JudgedRound, kings: number): NextStanding<State> {
  const { contenders, winner } = round;
  const reigns = before?.reigns ?? [];
  const won = winner === null ? undefined : contenders.find(({ uid }) => uid === winner);
  const [king] = reigns;
  const isKept = !won || (king?.hotkey === won.hotkey && isSameReference(king.reference, won.reference));
  const crowned = isKept ? [] : [{ hotkey: won.hotkey, block: won.block, reference: won.reference }];
  const after = { reigns: [...crowned, ...reigns].slice(0, kings) };
  const places = hotkeysOf(after);
  const values = contenders.map(({ uid, hotkey }) => {
    const place = places.indexOf(hotkey) + 1;
    return [uid, { reign: place === 0 ? null : place }] as const;
  });
  return { state: after, values: new Map(values) };
}

const hotkeysOf = ({ reigns }: State): string[] => [...new Set(reigns.map(({ hotkey }) => hotkey))];

function sharesOf(hotkeys: readonly string[], seats: readonly Seat[], digits: number): number[] {
  const paid = seats.filter(({ hotkey }) => hotkeys.includes(hotkey));
  const share = Number((1 / Math.max(1, paid.length)).toFixed(digits));
  const shares = new Array<number>(Math.max(0, ...seats.map(({ uid }) => uid + 1))).fill(0);
  for (const { uid } of paid) shares[uid] = share;
  return shares;
}
