import type { SampledTensor } from '../contracts/evaluator.js';
import { elementsOf } from '../contracts/model.js';
import type { SampledDistance, SimilarPair, WantedSimilarity } from '../contracts/similarity.js';
import type { Seat } from '../contracts/standing-rule.js';
import type { TensorList } from '../model/tensor-list.js';
import type { Steps } from './steps.js';
import { tensorDistance } from './tensor-distance.js';

/** Share of the weights from which on a pair is on record, whether or not an entry check asks. */
export const RECORDED_SHARE = 0.5;
/** Of the pairs of a contender, so many are on record for each thing that is measured: enough to say that there is one. */
const PAIRS_OF_EACH = 3;
const DIGITS = 1e6;

/** A contender, and what is known of its weights. */
export interface KnownContender extends Seat {
  /** Block of the claim. */
  block: number;
  tensorsDigest: string;
  list: TensorList;
  /** Absent where no check asks for it, or this machine could not read the files. */
  sample?: readonly SampledTensor[];
}

interface Measured {
  pair: SimilarPair;
  isSameBlock: boolean;
}

/**
 * The pairs that are alike, in the order of the later claims. Pure: the order of the contenders does not matter.
 * @param wanted what the entry checks of the competition ask for
 */
export function* similarPairs(
  contenders: readonly KnownContender[],
  wanted: readonly WantedSimilarity[],
): Steps<SimilarPair[]> {
  const ordered = [...contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  const withins = [...new Set(wanted.flatMap(({ within }) => within ?? []))].sort((a, b) => a - b);
  const from = Math.min(RECORDED_SHARE, ...wanted.map(({ share }) => share));
  const samples = ordered.map(({ sample }) => new Map(sample?.map((one) => [one.name, one])));
  const holders = new Map<string, number[]>();
  const pairs: SimilarPair[] = [];
  for (const [index, later] of ordered.entries()) {
    const shares = sharesWith(later, ordered.slice(0, index), holders);
    const measured: Measured[] = [];
    for (const [at, earlier] of ordered.slice(0, index).entries()) {
      const sample = withins.length > 0 ? samples[at] : undefined;
      const distance = sample && distanceOf(later, sample, withins);
      const pair = { later: seatOf(later), earlier: seatOf(earlier), share: shares[at] ?? 0 };
      measured.push({
        pair: distance ? { ...pair, distance } : pair,
        isSameBlock: earlier.block === later.block,
      });
      if (sample) yield;
    }
    pairs.push(...told(measured, withins, from));
    for (const key of new Set(later.list.tensors.map(([one]) => one))) {
      const others = holders.get(key);
      if (others) others.push(index);
      else holders.set(key, [index]);
    }
    yield;
  }
  return pairs;
}

const seatOf = ({ uid, hotkey }: Seat): Seat => ({ uid, hotkey });

/** Shares, with few digits: a check decides by what is on record. */
const rounded = (value: number): number => Math.round(value * DIGITS) / DIGITS;

/** Share of a model's weights in tensors of each of the others. @param holders of each tensor, by their places */
function sharesWith(
  { list, tensorsDigest }: KnownContender,
  others: readonly KnownContender[],
  holders: ReadonlyMap<string, readonly number[]>,
): number[] {
  const common = others.map(() => 0);
  for (const [key, elements] of list.tensors)
    for (const holder of holders.get(key) ?? []) common[holder] = (common[holder] ?? 0) + elements;
  return common.map((elements, index) => {
    if (list.weights === 0) return 0;
    return others[index]?.tensorsDigest === tensorsDigest ? 1 : rounded(elements / list.weights);
  });
}

/** How far the later model is from one that is sampled at the same places; undefined where no tensor can be compared. */
function distanceOf(
  { list, sample: tensors = [] }: KnownContender,
  earlier: ReadonlyMap<string, SampledTensor>,
  withins: readonly number[],
): SampledDistance | undefined {
  const near = withins.map(() => 0);
  let [cosines, differences, weights] = [0, 0, 0];
  for (const { name, shape, values } of tensors) {
    const other = earlier.get(name);
    const elements = elementsOf(shape);
    if (other?.shape.join() !== shape.join()) continue;
    const distance = tensorDistance(other.values, values);
    if (!distance) continue;
    cosines += distance.cosine * elements;
    differences += distance.difference * elements;
    weights += elements;
    for (const [index, within] of withins.entries())
      if (distance.residual <= within) near[index] = (near[index] ?? 0) + elements;
  }
  if (weights === 0) return undefined;
  const shareOf = (elements: number): number =>
    list.weights === 0 ? 0 : Math.min(1, rounded(elements / list.weights));
  return {
    cosine: rounded(cosines / weights),
    difference: rounded(differences / weights),
    near: withins.map((within, index) => ({ within, share: shareOf(near[index] ?? 0) })),
  };
}

/**
 * Of the pairs of one later model those that go on record: for each thing that is measured the most alike, of equal ones the
 * earliest. Pairs of one block are counted apart: they are for people only, and must not crowd out the others.
 */
function told(pairs: readonly Measured[], withins: readonly number[], from: number): SimilarPair[] {
  const measures = [
    ({ share }: SimilarPair): number => share,
    ...withins.map(
      (_within, index) =>
        ({ distance }: SimilarPair): number =>
          distance?.near[index]?.share ?? 0,
    ),
  ];
  const best = (isSameBlock: boolean): SimilarPair[] => {
    const candidates = pairs.filter((one) => one.isSameBlock === isSameBlock).map(({ pair }) => pair);
    return measures.flatMap((measure) =>
      candidates
        .filter((pair) => measure(pair) >= from)
        .sort((a, b) => measure(b) - measure(a))
        .slice(0, PAIRS_OF_EACH),
    );
  };
  const chosen = new Set([...best(false), ...best(true)]);
  return pairs.flatMap(({ pair }) => (chosen.has(pair) ? [pair] : []));
}
