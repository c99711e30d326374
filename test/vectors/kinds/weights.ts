import { quantizeWeights } from '@assay/core/judging/quantize';
import { equal, fields, list, Mismatch, number, numbers, text, units, type Fields, type UnitResult } from '../unit.js';

/**
 * Weights as the SDK makes and encodes them. Where it gives weight that nobody has earned, leaves weight out or cuts it down,
 * Assay encodes the weights as they are; where it asks for more entries, Assay adds zeros.
 */
export function weights(content: Fields): UnitResult[] {
  return [
    ...units(content, 'emit', emit),
    ...units(content, 'process_weights', processed),
    ...units(content, 'normalize_max_weight', cutDown),
  ];
}

/** Shares by uid. A list that can't be put into this form has no meaning for Assay. */
function byUid(uids: readonly number[], values: readonly number[]): number[] {
  if (uids.length !== values.length) throw new Mismatch('the lists differ in length');
  const shares = new Array<number>(Math.max(-1, ...uids) + 1).fill(0);
  for (const [index, uid] of uids.entries()) {
    if (uid < 0) throw new Mismatch('a uid is negative');
    shares[uid] = values[index] ?? Number.NaN;
  }
  return shares;
}

const pairs = (uids: readonly number[], values: readonly number[]): [number, number][] =>
  uids.map((uid, index): [number, number] => [uid, values[index] ?? 0]).sort(([a], [b]) => a - b);

const python = (value: unknown): number =>
  value === 'nan' ? Number.NaN : value === 'inf' ? Number.POSITIVE_INFINITY : number(value);

/** The digits have to be equal. Where the SDK raises, so does this, but for no weights at all: those encode to nothing. */
function emit(given: Fields): 'reference' | 'assay' {
  const [uids, values] = [numbers(given['uids']), list(given['weights_f32']).map(python)];
  if (given['error'] === undefined) {
    const found = quantizeWeights(byUid(uids, values), { minAllowedWeights: 0 });
    equal('emit', pairs(found.uids, found.weights), pairs(numbers(given['out_uids']), numbers(given['out_vals'])));
    return 'reference';
  }
  if (uids.length === 0) {
    equal('nothing', quantizeWeights([], { minAllowedWeights: 0 }), { uids: [], weights: [] });
    return 'assay';
  }
  if (raises(() => quantizeWeights(byUid(uids, values), { minAllowedWeights: 0 }))) return 'reference';
  throw new Mismatch(`raises ${text(given['error'])} in the reference`);
}

function processed(given: Fields): 'reference' | 'assay' {
  const values = list(given['weights_in']).map(python);
  const uids = numbers(given['uids']);
  const [neurons, minAllowedWeights] = [number(given['num_neurons']), number(given['min_allowed_weights'])];
  if (values.some((value) => !Number.isFinite(value) || value < 0)) {
    if (raises(() => quantizeWeights(byUid(uids, values), { minAllowedWeights }))) return 'assay';
    throw new Mismatch('a weight that is not finite was encoded');
  }
  const shares = byUid(uids, values.map(Math.fround));
  const found = quantizeWeights(shares, {
    minAllowedWeights,
    uids: Array.from({ length: neurons }, (_none, uid) => uid),
  });
  if (isPlain(given)) {
    equal('emit', pairs(found.uids, found.weights), pairs(numbers(given['emit_uids']), numbers(given['emit_vals'])));
    return 'reference';
  }
  checkEarned(found, shares, Math.min(minAllowedWeights, neurons));
  return 'assay';
}

/** Whether the SDK takes the weights as they are: some, none left out or cut down, and as many entries as the chain wants. */
function isPlain(given: Fields): boolean {
  const least = Math.min(number(given['min_allowed_weights']), number(given['num_neurons']));
  const earned = numbers(given['weights_in']).filter((value) => value > 0).length;
  const isWhole = number(given['exclude_quantile']) === 0 && number(given['max_weight_limit']) === 1;
  return isWhole && earned >= Math.max(1, least) && list(given['emit_uids']).length >= least;
}

/** Every share in its proportion, as many entries as the chain asks for, and nothing for who has no share. */
function checkEarned(found: ReturnType<typeof quantizeWeights>, shares: readonly number[], least: number): void {
  const plain = quantizeWeights(shares, { minAllowedWeights: 0 });
  const earned = found.uids.map((uid, index): [number, number] => [uid, found.weights[index] ?? 0]);
  equal(
    'earned',
    earned.filter(([, value]) => value > 0),
    pairs(plain.uids, plain.weights),
  );
  const filled = plain.uids.length === 0 ? 0 : Math.max(plain.uids.length, least);
  equal('entries', found.uids.length, filled);
}

/** The limit of the chain has been 65535 for long, so that nothing is cut down to it. */
function cutDown(given: Fields): 'assay' {
  const shares = numbers(fields(given)['x']);
  checkEarned(quantizeWeights(shares, { minAllowedWeights: 0 }), shares, 0);
  return 'assay';
}

function raises(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
