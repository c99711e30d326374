import { z } from 'zod';
import { isTrue } from '../files/python-values.js';
import type { Library } from '../library.js';

/** Keys of config.json outside the rope object from which a class reads the base and the rotated share of a head. */
export interface RopeNames {
  theta: string;
  part: string;
}
const NAMES: RopeNames = { theta: 'rope_theta', part: 'partial_rotary_factor' };

/** Which of two spellings of the type wins. The config classes of Llama, Qwen2, Phi and GPT-NeoX copy `type` to `rope_type`. */
export type TypeKey = 'type' | 'rope_type';

export type Keys = Readonly<Record<string, unknown>>;
export const isObject = (given: unknown): given is Keys =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/**
 * A preprocessor that moves the keys of both spellings of rope to one place: `rope_scaling` with its `rope_type` and its
 * `original_max_position_embeddings`; base and rotated share beside it, under `names`.
 *
 * Transformers 5 reads a non-empty `rope_scaling` in place of `rope_parameters`, and takes base and share from the object
 * before it takes them from beside it. Earlier versions do not read `rope_parameters`.
 */
export function ropeKeys(
  library: Library,
  typeKey: TypeKey = 'type',
  names: RopeNames = NAMES,
): (given: unknown) => unknown {
  return (given) => {
    if (!isObject(given)) return given;
    const { rope_scaling: scaling, rope_parameters: parameters, ...others } = given;
    if (library === '5') {
      const chosen = isTrue(scaling) ? scaling : (parameters ?? {});
      return isObject(chosen) ? { ...others, ...flatRope(chosen, given, names) } : { ...others, rope_scaling: chosen };
    }
    if (!isObject(scaling)) return given;
    const typed = withType(scaling, typeKey);
    return { ...others, rope_scaling: withOriginalLength(typed, given, library) };
  };
}

/** The same for a class that 4.44 gave no scaling, or another schema of it: that version's keys stay where they are. */
export const laterRopeKeys = (
  library: Library,
  typeKey: TypeKey = 'type',
  names: RopeNames = NAMES,
): ((given: unknown) => unknown) => (library === '4.44' ? (given) => given : ropeKeys(library, typeKey, names));

/**
 * One rope object of transformers 5 in the keys of the older spelling. A class that has an object for each type of layer
 * calls this for each of them.
 * @param given the whole config.json, which knows the original length
 */
export function flatRope(parameters: Keys, given: Keys, names: RopeNames = NAMES): Keys {
  const { rope_theta: theta, partial_rotary_factor: part, ...scaling } = parameters;
  const typed = { rope_type: 'default', ...withType(scaling, 'rope_type') };
  return {
    rope_scaling: withOriginalLength(typed, given, '5'),
    ...(Object.hasOwn(parameters, 'rope_theta') ? { [names.theta]: theta } : {}),
    ...(Object.hasOwn(parameters, 'partial_rotary_factor') ? { [names.part]: part } : {}),
  };
}

function withType({ type, rope_type: newer, ...others }: Keys, wins: TypeKey): Keys {
  const [first, second] = wins === 'type' ? [type, newer] : [newer, type];
  const chosen = first === undefined ? second : first;
  return chosen === undefined ? others : { ...others, rope_type: chosen };
}

/** Types whose frequencies depend on the length that a model was first trained for. */
const SCALES_FROM_LENGTH: readonly unknown[] = ['llama3', 'yarn', 'longrope'];

/**
 * The length of the first training where the version looks for it: 5 beside the object and then in it, earlier ones beside
 * it for longrope and in it for the others. Yarn of 4.44 does not read it.
 */
function withOriginalLength(scaling: Keys, given: Keys, library: Library): Keys {
  const { original_max_position_embeddings: inside, ...others } = scaling;
  const type = scaling['rope_type'];
  if (!SCALES_FROM_LENGTH.includes(type)) return others;
  const beside = given['original_max_position_embeddings'];
  const sources: Readonly<Record<Library, unknown>> = {
    '4.44': type === 'longrope' ? beside : type === 'yarn' ? undefined : inside,
    '4.57': type === 'longrope' ? beside : inside,
    '5': beside === undefined ? inside : beside,
  };
  const length = sources[library];
  return length === undefined ? others : { ...others, original_max_position_embeddings: length };
}

const BY_LAYER_TYPE = ['full_attention', 'sliding_attention'];
/** Rope of a class that has types of layers and one set of angles: 5 fails where the object has members for the types. */
export const oneRope = {
  rope_parameters: z.unknown().refine((given) => !isObject(given) || BY_LAYER_TYPE.every((key) => !(key in given)), {
    error: 'must hold one set of angles for all layers',
  }),
};
