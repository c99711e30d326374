import { createHash } from 'node:crypto';
import { z } from 'zod';
import { elementsOf, type UsedTensor } from '../contracts/model.js';

/** As many as a Llama of 450 layers has: of a model with more, the smallest are left out. The list of one takes 150 KB then. */
const MAX_TENSORS = 4096;
/** Characters of the base64url of a digest: 132 bits. */
const KEY_LENGTH = 22;

/**
 * What is kept of the tensors of a model for finding them in others. Tensors whose elements are all equal are left out: norms
 * of ones are in models that have nothing to do with each other.
 */
export const tensorList = z.object({
  /** Elements of all tensors that are not constant, those left out of the list included. */
  weights: z.number().int().nonnegative(),
  /** What identifies content, type and shape of a tensor, and its number of elements; the largest first. */
  tensors: z.array(z.tuple([z.string(), z.number().int().positive()])),
});
export type TensorList = z.infer<typeof tensorList>;

export function tensorListOf(tensors: readonly UsedTensor[]): TensorList {
  const varied = tensors.flatMap((tensor): [string, number][] => {
    const elements = elementsOf(tensor.shape);
    return tensor.constant || elements === 0 ? [] : [[keyOf(tensor), elements]];
  });
  const largestFirst = varied.sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1));
  return {
    weights: largestFirst.reduce((sum, [, elements]) => sum + elements, 0),
    tensors: largestFirst.slice(0, MAX_TENSORS),
  };
}

/** The name is no part of it: a tensor that was renamed or moved to another layer is found again. */
const keyOf = ({ dtype, shape, digest }: UsedTensor): string =>
  createHash('sha256')
    .update(JSON.stringify([dtype, shape, digest]))
    .digest('base64url')
    .slice(0, KEY_LENGTH);
