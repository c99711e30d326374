import { z } from 'zod';
import type { RopeScaling, RotaryConfig } from '../blocks/rotary.js';
import type { Library } from '../library.js';
import { size, theta, unread } from './fields.js';

/** The library only warns of a factor that shrinks. Numbers closer to zero would divide beyond what float32 holds. */
const factor = z.number().min(1e-6).max(1e6);
const share = z.union([z.literal(0), factor]);
const length = size(100_000_000);
const perPair = z.array(factor).max(4096);
/** null and 0 are the default. */
const rotations = share.nullish();
/** A flag that takes null for false. */
const truncates = z
  .union([z.boolean(), z.number()])
  .nullish()
  .transform((given) => given === undefined || Boolean(given));

const PLAIN = [
  z.object({ rope_type: z.literal('default') }),
  z.object({ rope_type: z.literal('linear'), factor }),
  z.object({ rope_type: z.literal('dynamic'), factor }),
] as const;
const llama3 = z.object({
  rope_type: z.literal('llama3'),
  factor,
  low_freq_factor: factor,
  high_freq_factor: factor,
  original_max_position_embeddings: length,
});
const yarn = z.object({
  rope_type: z.literal('yarn'),
  factor,
  attention_factor: share.nullish(),
  beta_fast: rotations,
  beta_slow: rotations,
});
const longrope = z.object({
  rope_type: z.literal('longrope'),
  factor: factor.nullish(),
  attention_factor: share.nullish(),
  short_factor: perPair,
  long_factor: perPair,
  original_max_position_embeddings: length.optional(),
});
/** Yarn since 4.45: with the length of the first training, and with the keys of later models. */
const laterYarn = yarn.extend({
  original_max_position_embeddings: length.nullish(),
  mscale: share.nullish(),
  mscale_all_dim: share.nullish(),
  truncate: truncates,
});

const SCHEMAS = {
  '4.44': z.discriminatedUnion('rope_type', [...PLAIN, llama3, yarn, longrope]),
  '4.57': z.discriminatedUnion('rope_type', [...PLAIN, llama3, laterYarn, longrope]),
  '5': z.discriminatedUnion('rope_type', [
    ...PLAIN,
    llama3.extend({ original_max_position_embeddings: length.optional() }),
    // The library derives a factor of null from the two lengths.
    laterYarn.extend({ factor: factor.nullable(), original_max_position_embeddings: length.optional() }),
    longrope,
    z.object({ rope_type: z.literal('proportional'), factor: factor.optional() }),
  ]),
} as const satisfies Readonly<Record<Library, z.ZodType>>;
export type RawScaling = z.infer<(typeof SCHEMAS)[Library]> | { rope_type: 'older-dynamic'; factor: number };
const PLAIN_SCALING: RawScaling = { rope_type: 'default' };

/** `rope_scaling` as `ropeKeys` leaves it; a missing one and null scale nothing. */
export const ropeScaling = (library: Library): z.ZodType<RawScaling> =>
  z
    .unknown()
    .optional()
    .transform((given, context): RawScaling => {
      if (given === undefined || given === null) return PLAIN_SCALING;
      const parsed = SCHEMAS[library].safeParse(given);
      if (parsed.success) return parsed.data;
      context.addIssue({
        code: 'custom',
        message: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      });
      return z.NEVER;
    });

const growth = z.number().gt(1).max(1e6);
const olderScaling = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('linear'), factor: growth }),
  z.strictObject({ type: z.literal('dynamic'), factor: growth }),
]);
/** `rope_scaling` of the classes that 4.44 did not give the newer types: no other key, and a factor that grows. */
export const olderRopeScaling = (library: Library): z.ZodType<RawScaling> =>
  library === '4.44'
    ? olderScaling.nullish().transform((given): RawScaling => {
        if (given === null || given === undefined) return PLAIN_SCALING;
        return { rope_type: given.type === 'linear' ? 'linear' : 'older-dynamic', factor: given.factor };
      })
    : ropeScaling(library);

/**
 * The scaling with what the library derives from the rest of the config.
 * @param part share of a head that is rotated
 */
export function scalingOf(
  raw: RawScaling = PLAIN_SCALING,
  maxPositions: number,
  library: Library,
  part = 1,
): RopeScaling {
  switch (raw.rope_type) {
    case 'default':
      return { type: 'default' };
    case 'linear':
      return { type: 'linear', factor: raw.factor };
    case 'dynamic':
      return { type: 'dynamic', factor: raw.factor, forgets: true };
    case 'older-dynamic':
      return { type: 'dynamic', factor: raw.factor, forgets: false };
    case 'llama3':
      return {
        type: 'llama3',
        factor: raw.factor,
        lowFrequencyFactor: raw.low_freq_factor,
        highFrequencyFactor: raw.high_freq_factor,
        originalMaxPositions: raw.original_max_position_embeddings ?? maxPositions,
      };
    case 'yarn':
      return yarnScaling(raw, maxPositions, library);
    case 'longrope':
      return longropeScaling(raw, maxPositions, library);
    case 'proportional':
      return { type: 'proportional', factor: raw.factor ?? 1, share: part };
  }
}

type Raw<Type extends string> = Extract<RawScaling, { rope_type: Type }>;

/** Peng et al. 2023, with the correction of Deepseek V2 where both of its scales are given. */
function yarnScaling(raw: Raw<'yarn'>, maxPositions: number, library: Library): RopeScaling {
  const later = 'truncate' in raw ? raw : undefined;
  const originalMaxPositions = later?.original_max_position_embeddings ?? maxPositions;
  const factor = raw.factor ?? maxPositions / originalMaxPositions;
  const temperature = (scale: number): number =>
    factor <= 1 && library !== '4.44' ? 1 : 0.1 * scale * Math.log(factor) + 1;
  const [scale, allDimensions] = [later?.mscale ?? 0, later?.mscale_all_dim ?? 0];
  const derived = scale > 0 && allDimensions > 0 ? temperature(scale) / temperature(allDimensions) : temperature(1);
  return {
    type: 'yarn',
    factor,
    originalMaxPositions,
    attentionFactor: raw.attention_factor ?? derived,
    betaFast: raw.beta_fast || 32,
    betaSlow: raw.beta_slow || 1,
    truncates: later?.truncate ?? true,
  };
}

/** Ding et al. 2024. 4.44 decides by the config which table holds, later versions by the sequence. */
function longropeScaling(raw: Raw<'longrope'>, maxPositions: number, library: Library): RopeScaling {
  const original = raw.original_max_position_embeddings;
  const originalMaxPositions = original ?? maxPositions;
  const growth = growthOf(raw, maxPositions, library);
  const derived = growth <= 1 ? 1 : Math.sqrt(1 + Math.log(growth) / Math.log(originalMaxPositions));
  const [short, long] = [raw.short_factor, raw.long_factor];
  const fixed = growth > 1 ? long : short;
  return {
    type: 'longrope',
    originalMaxPositions,
    attentionFactor: raw.attention_factor ?? derived,
    ...(library === '4.44' ? { short: fixed, long: fixed } : { short, long }),
  };
}

/** Times that the length has grown since the first training: 5 believes the factor, earlier versions the two lengths. */
function growthOf(
  { factor, original_max_position_embeddings: original }: Raw<'longrope'>,
  maxPositions: number,
  library: Library,
): number {
  const ratio = maxPositions / (original ?? maxPositions);
  if (library === '5') return factor ?? ratio;
  return original === undefined ? (factor ?? 1) : ratio;
}

/** Keys that a class with one set of angles reads. */
export interface RopeConfig {
  max_position_embeddings: number;
  rope_theta: number;
  /** undefined where the class does not read it. */
  rope_scaling?: RawScaling | undefined;
  /** Share of a head that is rotated, where the class reads it. */
  partial_rotary_factor?: unknown;
}

/** Keys of a class that rotates whole heads and scales its angles since 4.45: before, it reads the base alone. */
export const laterRopeFields = (
  library: Library,
): {
  rope_theta: z.ZodType<number>;
  rope_scaling: z.ZodType<RawScaling | undefined>;
  partial_rotary_factor: z.ZodType;
} => ({
  rope_theta: theta(10_000),
  rope_scaling: library === '4.44' ? unread : ropeScaling(library),
  partial_rotary_factor: library === '4.44' ? unread : wholeShare(library),
});

/** `partial_rotary_factor` of a class that rotates whole heads; 5 reads it beside a scaling only. */
export const wholeShare = (library: Library): z.ZodType =>
  library === '5' ? z.unknown().optional() : z.number().min(0).max(1e6).optional();

const shareOf = (
  { rope_scaling: raw = PLAIN_SCALING, partial_rotary_factor: part }: RopeConfig,
  library: Library,
): number => {
  const isRead = library !== '5' || raw.rope_type !== 'default';
  return isRead && part !== undefined ? (share.safeParse(part).data ?? NaN) : 1;
};

/**
 * Angles of a class that rotates a share of each head.
 * @param head size of a head as the frequencies count it
 */
export function partialRotary(given: RopeConfig, part: number, head: number, library: Library): RotaryConfig {
  const { rope_scaling: raw = PLAIN_SCALING, rope_theta: base, max_position_embeddings: maxPositions } = given;
  return {
    dimension: raw.rope_type === 'proportional' ? head : Math.trunc(head * part),
    theta: base,
    maxPositions,
    scaling: scalingOf(raw, maxPositions, library, part),
  };
}

/** Angles of a class that rotates whole heads. */
export const wholeHeadRotary = (given: RopeConfig, head: number, library: Library): RotaryConfig =>
  partialRotary(given, shareOf(given, library), head, library);

/**
 * Why the library can't rotate heads of this size; undefined where it can.
 * @param counted the size as the frequencies count it, which 4.44 takes from another key
 */
export function wholeHeadIssue(given: RopeConfig, head: number, library: Library, counted = head): string | undefined {
  const { dimension, scaling } = wholeHeadRotary(given, counted, library);
  const rotates = scaling.type === 'proportional' ? scaling.share <= 1 : Math.ceil(dimension / 2) * 2 === head;
  return rotates
    ? scalingIssue(given, dimension, library)
    : 'partial_rotary_factor must leave whole heads rotated, and heads must have an even size';
}

/** Why the library fails with a scaling that is fine in itself; undefined where it does not. */
export function scalingIssue(given: RopeConfig, dimension: number, library: Library): string | undefined {
  const { rope_scaling: raw = PLAIN_SCALING, rope_theta: base, max_position_embeddings: maxPositions } = given;
  switch (raw.rope_type) {
    case 'dynamic':
    case 'older-dynamic':
      return dimension === 2 ? 'dynamic rope_scaling divides by the rotated dimensions less two' : undefined;
    case 'yarn':
      // The library blends as many pairs as are whole, and rounds up what it rotates.
      if (dimension % 2 !== 0) return 'yarn needs an even number of dimensions to rotate';
      return base === 1 ? 'yarn divides by the logarithm of rope_theta' : undefined;
    case 'longrope':
      return longropeIssue(raw, Math.ceil(dimension / 2), maxPositions, library);
    default:
      return undefined;
  }
}

function longropeIssue(
  raw: Raw<'longrope'>,
  pairs: number,
  maxPositions: number,
  library: Library,
): string | undefined {
  const { factor, attention_factor: attention, original_max_position_embeddings: original } = raw;
  if (raw.short_factor.length !== pairs || raw.long_factor.length !== pairs)
    return 'longrope needs one factor for each rotated pair of a head';
  const hasAttention = typeof attention === 'number';
  if (library === '4.44' && !hasAttention) return 'longrope of transformers 4.44 needs attention_factor';
  const isGrowthUnknown = original === undefined && typeof factor !== 'number';
  if (isGrowthUnknown && (library === '4.44' || (library === '4.57' && !hasAttention)))
    return `longrope of transformers ${library} needs factor, or original_max_position_embeddings beside rope_scaling`;
  const derives = !hasAttention && growthOf(raw, maxPositions, library) > 1;
  return derives && (original ?? maxPositions) === 1
    ? 'longrope divides by the logarithm of original_max_position_embeddings'
    : undefined;
}

/** Adds an issue where the library can't rotate heads of `head_dim`. */
export function requireWholeHeads(
  given: RopeConfig & { head_dim: number },
  library: Library,
  context: z.RefinementCtx,
): void {
  const message = wholeHeadIssue(given, given.head_dim, library);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}
