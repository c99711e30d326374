import { z } from 'zod';
import type { ComparedModel, EntryCheck, Finding, LikeModel } from '../../contracts/entry-check.js';
import type { Rule } from '../../contracts/rule.js';
import { verificationErrors } from '../../model/errors.js';

const SHARE = 0.9;
/** The rounding of bfloat16 alone makes about 0.002. */
const DISTANCE = 0.01;

const parameters = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(SHARE)
      .describe("Share of the model's weights that has to be an earlier one's, for a near copy."),
    distance: z
      .number()
      .min(0)
      .lt(1)
      .nullable()
      .default(DISTANCE)
      .describe(
        "A tensor counts as the earlier one's where the norm of the difference is at most this share of its own norm, whatever factor it is scaled by; null: only where it is identical, and nothing is sampled.",
      ),
    then: z
      .enum(['refuse', 'raise-margin'])
      .default('refuse')
      .describe('Whether a near copy may not play, or has to be better than every earlier model by a margin.'),
    margin: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('With raise-margin: by how much beside epsilon, as a share of its loss.'),
  })
  .refine(({ then, margin }) => (then === 'raise-margin') === (margin !== undefined), {
    message: 'goes with then: raise-margin, and with nothing else',
    path: ['margin'],
  });
type Parameters = z.infer<typeof parameters>;

/** Models that are another contender's but for little, claimed later. */
export const nearCopy: Rule<EntryCheck, Parameters> = {
  name: 'near-copy',
  version: 1,
  summary: 'Refuses a model, or raises its margin, that has most of its weights from a model of an earlier claim.',
  parameters,
  examples: [{}, { share: 0.8, distance: null }, { then: 'raise-margin', margin: 0.005 }],
  bind: ({ share, distance, margin }) => ({
    compares: { share, ...(distance === null ? {} : { within: distance }) },
    compared: (model) => {
      const closest = closestOf(model, distance);
      if (!closest) return [];
      const finding: Finding = {
        name: 'near copy',
        found: `${percent(closest.share)} of ${closest.uid}`,
        limit: share,
      };
      if (closest.share < share) return [finding];
      if (margin !== undefined) return [{ ...finding, margin }];
      const { uid, hotkey, block } = closest;
      const error = verificationErrors.NEAR_COPY({ share: closest.share, limit: share, distance, uid, hotkey, block });
      return [{ ...finding, error }];
    },
  }),
};

/** The earlier model that has the largest share of the weights, identical or near; of equal ones the earliest. */
function closestOf({ like }: ComparedModel, distance: number | null): LikeModel | undefined {
  const all = like.map((one) => ({ ...one, share: Math.max(one.share, nearShare(one, distance)) }));
  return all.reduce<LikeModel | undefined>((best, one) => (best && best.share >= one.share ? best : one), undefined);
}

const nearShare = ({ distance }: LikeModel, wanted: number | null): number =>
  distance?.near.find(({ within }) => within === wanted)?.share ?? 0;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
