import { z } from 'zod';
import type { JudgedRound, NextStanding, Seat, StandingRule } from '../../contracts/standing-rule.js';
import { nextAverage } from '../../judging/moving-average.js';

/** float32 moving average by uid, and the hotkeys that earned it. */
const averageState = z.object({ weights: z.array(z.number()), hotkeys: z.array(z.string()) });
export type AverageState = z.infer<typeof averageState>;

/**
 * A standing that averages the shares of each round: alpha * before + (1 - alpha) * the round's, in float32.
 * @param sharesOf shares of a round's contenders that have a score, in their order; they are divided by their sum
 */
export function movingAverage(
  alpha: number,
  sharesOf: (scored: JudgedRound['contenders'], winner: number | null) => readonly number[],
): StandingRule<AverageState> {
  return {
    columns: [{ key: 'stepWeight', title: 'this round', about: 'Share of what this round alone hands out, 0..1.' }],
    state: averageState,
    continues: ['softmax-average', 'winner-takes-all', 'power'],
    next: (before, round) => nextState(before, round, alpha, sharesOf),
    shares: heldBy,
    incumbents: ({ weights, hotkeys }) =>
      weights
        .map((weight, uid) => ({ weight, hotkey: hotkeys[uid] ?? '' }))
        .filter(({ weight }) => weight > 0)
        .sort((a, b) => b.weight - a.weight)
        .map(({ hotkey }) => hotkey),
  };
}

function nextState(
  before: AverageState | undefined,
  { contenders, winner, seats }: JudgedRound,
  alpha: number,
  sharesOf: (scored: JudgedRound['contenders'], winner: number | null) => readonly number[],
): NextStanding<AverageState> {
  const scored = contenders.filter(({ score }) => score !== null);
  const shares = sharesOf(scored, winner);
  const byUid = new Map(scored.map(({ uid }, index) => [uid, shares[index] ?? 0]));
  const held = before && heldBy(before, seats);
  const length = Math.max(held?.length ?? 0, ...[...scored, ...seats].map(({ uid }) => uid + 1));
  const fresh = Array.from({ length }, (_none, uid) => byUid.get(uid) ?? 0);
  const weights = nextAverage(held, fresh, alpha);
  const hotkeys = Array.from({ length }, () => '');
  for (const { uid, hotkey } of [...contenders, ...seats]) if ((weights[uid] ?? 0) > 0) hotkeys[uid] = hotkey;
  const values = new Map(contenders.map(({ uid }) => [uid, { stepWeight: byUid.get(uid) ?? 0 }] as const));
  return { state: { weights, hotkeys }, values };
}

/** What another hotkey left behind at a uid is gone. (In the reference the newcomer inherits it.) */
function heldBy({ weights, hotkeys }: AverageState, seats: readonly Seat[]): number[] {
  const length = Math.max(weights.length, ...seats.map(({ uid }) => uid + 1));
  const shares = new Array<number>(length).fill(0);
  for (const { uid, hotkey } of seats) if (hotkeys[uid] === hotkey) shares[uid] = weights[uid] ?? 0;
  return shares;
}
