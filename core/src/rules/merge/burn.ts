import { z } from 'zod';
import type { MergeInput, MergeRule } from '../../contracts/merge-rule.js';
import type { Rule } from '../../contracts/rule.js';
import { judgingErrors } from '../../judging/errors.js';

const parameters = z.strictObject({
  to: z
    .union([z.number().int().nonnegative(), z.literal('owner')])
    .describe("A uid, or `owner` for the uid of the subnet owner's hotkey."),
  share: z
    .union([z.number().gt(0).max(1), z.literal('unearned')])
    .default('unearned')
    .describe(
      'A fixed part of all weight, the rest of which goes to who has earned any; or `unearned`: what nobody has earned.',
    ),
});
type Parameters = z.infer<typeof parameters>;

/**
 * Weight that is given to nobody who competes. `unearned` is 1 less the sum of the weights so far: shares of a schedule
 * that sum to less than 1, and competitions that have judged nothing yet. Beside a fixed part the earned weights are scaled
 * to all that is left.
 */
export const burn: Rule<MergeRule, Parameters> = {
  name: 'burn',
  version: 1,
  summary: 'Gives a fixed part of the weight, or the part that nobody has earned, to one uid.',
  parameters,
  examples: [{ to: 'owner' }, { to: 0, share: 0.9 }],
  bind: ({ to, share }) => ({
    takesTheRest: true,
    apply: (weights, input) => {
      const receiver = receiverOf(to, input);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const given = share === 'unearned' ? Math.max(0, 1 - total) : share;
      const scale = share === 'unearned' || total === 0 ? 1 : (1 - share) / total;
      return weights.map((weight, uid) => weight * scale + (uid === receiver ? given : 0));
    },
  }),
};

/** @throws BURN_TARGET_MISSING */
function receiverOf(to: Parameters['to'], { seats, ownerHotkey }: MergeInput): number {
  const seat = seats.find(({ uid, hotkey }) => (to === 'owner' ? hotkey === ownerHotkey : uid === to));
  if (!seat)
    throw judgingErrors.BURN_TARGET_MISSING({ to: to === 'owner' ? "the subnet owner's hotkey" : `uid ${to}` });
  return seat.uid;
}
