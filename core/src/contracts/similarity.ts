import { z } from 'zod';

const share = z.number().min(0).max(1);

/** How far the weights of two models are from each other, by a sample of the tensors that have one name and shape in both. */
export const sampledDistance = z.object({
  /** Mean of the cosines of the tensors, weighted by their numbers of elements: -1 to 1. */
  cosine: z.number(),
  /** Mean of ||a - b|| / max(||a||, ||b||) of the tensors, weighted alike: 0 to 2. */
  difference: z.number(),
  /**
   * For each difference that an entry check asks about: share of the later model's weights in tensors that differ from the
   * earlier one's by no more. It is the norm of what is left when the one is scaled to fit the other, as a share of its own norm.
   */
  near: z.array(z.object({ within: z.number(), share })),
});
export type SampledDistance = z.infer<typeof sampledDistance>;

const contender = z.object({ uid: z.number().int(), hotkey: z.string() });

/** Two contenders of a round that have weights in common. */
export const similarPair = z.object({
  /** Of two claims of one block the one of the higher uid stands for the later one. */
  later: contender,
  earlier: contender,
  /** Share of the later model's weights in tensors that the earlier one has too, whatever their names and places. */
  share,
  /** Absent where no entry check of the competition asks for it, or no tensor has the same name and shape. */
  distance: sampledDistance.optional(),
});
export type SimilarPair = z.infer<typeof similarPair>;

/** What an entry check wants to know of pairs of contenders. */
export interface WantedSimilarity {
  /** Smallest share of the weights in common with which a pair is recorded. */
  share: number;
  /** Up to this difference a tensor counts as near. Where it is absent nothing is sampled for this check. */
  within?: number;
}
