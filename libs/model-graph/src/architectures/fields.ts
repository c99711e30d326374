import { z } from 'zod';
import { ACTIVATION_NAMES } from '../blocks/activation.js';
import { FIRST_LIBRARY, type Library } from '../library.js';

/** Sizes beyond which no real model goes: a hostile config must not make the graph explode. */
export const size = (limit = 1_048_576): z.ZodNumber => z.number().int().min(1).max(limit);
/** What the runtime plans grows with the square of the layers. */
export const layers = (): z.ZodNumber => size(512);
export const heads = (): z.ZodNumber => size(4096);

/** A key that may be missing. null is a value of its own, with which the library fails where it needs a number or a name. */
export function optional<T extends z.ZodType>(schema: T, fallback: z.infer<T>): z.ZodType<z.infer<T>> {
  return schema.optional().transform((value) => (value === undefined ? fallback : value));
}

/** Up to 4.57 null and 0 are as false as false, and any other number as true as true; 5 takes true and false alone. */
export const flag = (fallback: boolean, library: Library = FIRST_LIBRARY): z.ZodType<boolean> =>
  library === '5'
    ? optional(z.boolean(), fallback)
    : z
        .union([z.boolean(), z.number()])
        .nullish()
        .transform((value) => (value === undefined ? fallback : Boolean(value)));
/** A flag that 5 takes null for as well. */
export const flagOrNull = (fallback: boolean, library: Library): z.ZodType<boolean> =>
  z.preprocess((given) => (given === null ? false : given), flag(fallback, library));
export const epsilon = (fallback: number): z.ZodType<number> => optional(z.number().min(0).max(1), fallback);
export const activationName = (fallback: string): z.ZodType<string> =>
  optional(z.enum(ACTIVATION_NAMES as [string, ...string[]]), fallback);
export const theta = (fallback: number): z.ZodType<number> => optional(z.number().min(1).max(1e12), fallback);

/** Smaller ones are zero in float32, and what is divided by zero is no number. */
const SMALLEST_CAP = 1e-30;
/** A soft cap; null is none. */
export const cap = (fallback: number | null): z.ZodType<number | null> =>
  z.number().min(SMALLEST_CAP).max(1e9).nullable().default(fallback);

/** The library takes the common names of some keys for a class's own. */
export function withNames(names: Readonly<Record<string, string>>): (given: unknown) => unknown {
  return (given) => {
    if (typeof given !== 'object' || given === null) return given;
    const renamed = Object.entries(given).flatMap(([key, value]): [string, unknown][] => {
      const name = Object.hasOwn(names, key) ? names[key] : undefined;
      return name === undefined ? [] : [[name, value]];
    });
    return { ...given, ...Object.fromEntries(renamed) };
  };
}

const ID = z.number().int().nullable();
/** Types that transformers 5 demands of keys which change no result. */
export const DEMANDED = {
  flag: z.boolean(),
  number: z.number(),
  numberOrNull: z.number().nullable(),
  text: z.string(),
  textOrNull: z.string().nullable(),
  whole: z.number().int(),
  wholeOrNull: ID,
  ids: z.union([ID, z.array(z.number().int()).max(4096)]),
};
/**
 * A preprocessor that checks the types of keys which are not read further. Transformers 5 checks every key of its config
 * classes; earlier versions check none.
 */
export function demandTypes(
  library: Library,
  types: Readonly<Record<string, z.ZodType>>,
): (given: unknown, context: z.RefinementCtx) => unknown {
  return (given, context) => {
    if (library !== '5' || typeof given !== 'object' || given === null) return given;
    const values = new Map(Object.entries(given));
    for (const [key, type] of Object.entries(types)) {
      const issue = values.has(key) ? type.safeParse(values.get(key)).error?.issues[0] : undefined;
      if (issue) context.addIssue({ code: 'custom', path: [key], message: `${issue.message} (transformers 5)` });
    }
    return given;
  };
}

/** A key that a version of the library does not read. */
export const unread = z
  .unknown()
  .optional()
  .transform((): undefined => undefined);

/** Adds an issue where there is a message. */
export function complain(context: z.RefinementCtx, message: string | undefined): void {
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}

/** Divisibility of the width, which a class needs whose heads share it. */
export const EVEN_WIDTH = 'hidden_size must be divisible by num_attention_heads';
