import type { Library } from '../library.js';
import { flatRope, isObject, ropeKeys, type Keys } from './rope-keys.js';

/**
 * A preprocessor for a class whose layers with a window have angles of their own (Gemma 3): moves the keys of both spellings of
 * rope to one place. `rope_theta`, `rope_scaling` and `partial_rotary_factor` are those of the layers that see every token,
 * and under `sliding_attention` stand those of the others.
 *
 * Earlier versions scale the angles of the first layers alone, and read the base of the others from `rope_local_base_freq`.
 * Transformers 5 has an object for each type of layer in `rope_parameters`, and puts the keys of `rope_scaling` into that of
 * the first ones; a single object for all layers is not read.
 */
export const ropeByLayerType =
  (library: Library) =>
  (given: unknown): unknown => {
    if (!isObject(given)) return given;
    return library === '5' ? newerKeys(given) : olderKeys(given, library);
  };

function olderKeys({ rope_local_base_freq: base, ...given }: Keys, library: Library): unknown {
  const { rope_scaling: scaling, partial_rotary_factor: part } = given;
  // The older name of its type is not read.
  const named = (keys: Keys): Keys => Object.fromEntries(Object.entries(keys).filter(([key]) => key !== 'type'));
  const keys = ropeKeys(library)(isObject(scaling) ? { ...given, rope_scaling: named(scaling) } : given);
  return { ...Object(keys), sliding_attention: { rope_theta: base, partial_rotary_factor: part } };
}

const PLAIN = { rope_type: 'default' };

function newerKeys({ rope_parameters: parameters, rope_local_base_freq: base, ...given }: Keys): unknown {
  const { rope_scaling: scaling, rope_theta: theta, partial_rotary_factor: part } = given;
  const { full_attention: full, sliding_attention: sliding } = isObject(parameters) ? parameters : {};
  const isUsable = [scaling, full, sliding].every((one) => one === undefined || one === null || isObject(one));
  if (!isUsable) return { ...given, rope_scaling: parameters };
  const anglesOf = (own: Keys, fallback: unknown): Keys => ({
    rope_theta: fallback,
    partial_rotary_factor: part,
    ...flatRope(own, {}),
  });
  return {
    ...given,
    // The type of a plain object counts for more than the older name of the key in `rope_scaling`.
    ...anglesOf({ ...(isObject(full) ? full : PLAIN), ...(isObject(scaling) ? scaling : {}) }, theta),
    sliding_attention: anglesOf(isObject(sliding) ? sliding : {}, base),
  };
}
