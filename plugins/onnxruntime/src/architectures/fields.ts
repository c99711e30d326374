import { z } from 'zod';
import { ACTIVATION_NAMES } from '../blocks/activation.js';
import type { RopeScaling } from '../blocks/rotary.js';

/** Sizes beyond which no real model goes: a hostile config must not make the graph explode. */
export const size = (limit = 1_048_576): z.ZodNumber => z.number().int().min(1).max(limit);
/** What the runtime plans grows with the square of the layers. */
export const layers = (): z.ZodNumber => size(512);
export const heads = (): z.ZodNumber => size(4096);

/** A key that may be missing. null is a value of its own, with which the library fails where it needs a number or a name. */
export function optional<T extends z.ZodType>(schema: T, fallback: z.infer<T>): z.ZodType<z.infer<T>> {
  return schema.optional().transform((value) => (value === undefined ? fallback : value));
}

/** null and 0 are as false as false, and any other number as true as true. */
export const flag = (fallback: boolean): z.ZodType<boolean> =>
  z
    .union([z.boolean(), z.number()])
    .nullish()
    .transform((value) => (value === undefined ? fallback : Boolean(value)));
export const epsilon = (fallback: number): z.ZodType<number> => optional(z.number().min(0).max(1), fallback);
export const activationName = (fallback: string): z.ZodType<string> =>
  optional(z.enum(ACTIVATION_NAMES as [string, ...string[]]), fallback);
export const theta = (fallback: number): z.ZodType<number> => optional(z.number().min(1).max(1e12), fallback);

/** The newer classes only warn where a factor is no growth. */
const factor = z.number().positive().max(1e6);
const growth = z.number().gt(1).max(1e6);

/** `rope_scaling` in the old spelling (`type`) and the new (`rope_type`); the old one wins, as in the library. */
export const ropeScaling = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((given, context): RawScaling => {
    if (!given) return { rope_type: 'default' };
    const parsed = rawScaling.safeParse({ ...given, rope_type: given['type'] ?? given['rope_type'] });
    if (parsed.success) return parsed.data;
    context.addIssue({
      code: 'custom',
      message: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    });
    return z.NEVER;
  });

/** `rope_scaling` of the older classes: two ways, one spelling. */
export const legacyRopeScaling = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('linear'), factor: growth }),
    z.strictObject({ type: z.literal('dynamic'), factor: growth }),
  ])
  .nullish()
  .transform((given): RopeScaling =>
    given === null || given === undefined
      ? { type: 'default' }
      : given.type === 'dynamic'
        ? { ...given, forgets: false }
        : given,
  );

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

const rawScaling = z.discriminatedUnion('rope_type', [
  z.object({ rope_type: z.literal('default') }),
  z.object({ rope_type: z.literal('linear'), factor }),
  z.object({ rope_type: z.literal('dynamic'), factor }),
  z.object({
    rope_type: z.literal('llama3'),
    factor,
    low_freq_factor: z.number().positive().max(1e6),
    high_freq_factor: z.number().positive().max(1e6),
    original_max_position_embeddings: size(100_000_000),
  }),
  z.object({
    rope_type: z.literal('yarn'),
    factor,
    attention_factor: z.number().min(0).max(1e6).nullish(),
    beta_fast: z.number().positive().max(1e6).nullish(),
    beta_slow: z.number().positive().max(1e6).nullish(),
  }),
  z.object({
    rope_type: z.literal('longrope'),
    factor: factor.nullish(),
    attention_factor: z.number().min(0).max(1e6).nullish(),
    short_factor: z.array(z.number().positive().max(1e6)).max(4096),
    long_factor: z.array(z.number().positive().max(1e6)).max(4096),
  }),
]);
export type RawScaling = z.infer<typeof rawScaling>;

/** The scaling with what the library derives from the rest of the config. */
export function scalingOf(raw: RawScaling, maxPositions: number, originalMaxPositions: number | null): RopeScaling {
  switch (raw.rope_type) {
    case 'default':
      return { type: 'default' };
    case 'linear':
      return { type: 'linear', factor: raw.factor };
    case 'dynamic':
      return { type: 'dynamic', factor: raw.factor, forgets: true };
    case 'llama3':
      return {
        type: 'llama3',
        factor: raw.factor,
        lowFrequencyFactor: raw.low_freq_factor,
        highFrequencyFactor: raw.high_freq_factor,
        originalMaxPositions: raw.original_max_position_embeddings,
      };
    case 'yarn':
      return {
        type: 'yarn',
        factor: raw.factor,
        betaFast: raw.beta_fast ?? 32,
        betaSlow: raw.beta_slow ?? 1,
        ...(typeof raw.attention_factor === 'number' ? { attentionFactor: raw.attention_factor } : {}),
      };
    case 'longrope': {
      const base = originalMaxPositions ?? maxPositions;
      const growth = originalMaxPositions === null ? (raw.factor ?? 1) : maxPositions / originalMaxPositions;
      const derived = growth <= 1 ? 1 : Math.sqrt(1 + Math.log(growth) / Math.log(base));
      return {
        type: 'longrope',
        factors: growth > 1 ? raw.long_factor : raw.short_factor,
        attentionFactor: raw.attention_factor ?? derived,
      };
    }
  }
}
