import { modelErrors } from '../errors.js';
import type { SeenLength } from '../architectures/architecture.js';
import type { GraphBuilder } from '../graph/graph-builder.js';

/** How one architecture turns positions into angles. All sizes in elements of one head. */
export interface RotaryConfig {
  /** Rotated elements of each head. An odd number is rounded up to whole pairs, but counts as it is in the frequencies. */
  dimension: number;
  theta: number;
  maxPositions: number;
  scaling: RopeScaling;
}

export type RopeScaling =
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  /** forgets: a prompt shorter than `maxPositions` undoes what a longer sequence has changed. Older classes keep the change. */
  | { type: 'dynamic'; factor: number; forgets: boolean }
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalMaxPositions: number;
    }
  | {
      type: 'yarn';
      factor: number;
      originalMaxPositions: number;
      attentionFactor: number;
      betaFast: number;
      betaSlow: number;
      /** The ends of the ramp are whole numbers. */
      truncates: boolean;
    }
  | {
      type: 'longrope';
      /** Divisors of the frequencies in sequences of up to `originalMaxPositions` tokens. */
      short: readonly number[];
      /** The same in longer sequences. */
      long: readonly number[];
      originalMaxPositions: number;
      attentionFactor: number;
    }
  /** The frequencies are those of the whole head, and zero behind the first `share` of them. */
  | { type: 'proportional'; factor: number; share: number };

/** float32 cos and sin, [positions, dimension / 2]. */
export interface RotaryTable {
  positions: number;
  half: number;
  cos: Float32Array;
  sin: Float32Array;
}

const f32 = Math.fround;
const range = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);
/** A number divided by a tensor, in two steps as torch does it. */
const over = (number: number, tensor: number): number => f32(f32(number) * f32(1 / tensor));

/**
 * Angles position * theta^(-2i/d) (Su et al. 2021), rounded to float32 where the library rounds.
 * @param lengthAt see SeenLength: in generation a cached key keeps the angle of the length at which it was computed
 */
export function rotaryTable(config: RotaryConfig, positions: number, lengthAt: SeenLength): RotaryTable {
  const half = Math.ceil(config.dimension / 2);
  const [cos, sin] = [new Float32Array(positions * half), new Float32Array(positions * half)];
  const { scaling } = config;
  const scale = f32('attentionFactor' in scaling ? scaling.attentionFactor : 1);
  const forgetsBelow = forgettingOf(config);
  let [length, frequencies]: [number, readonly number[]] = [NaN, []];
  for (let position = 0; position < positions; position += 1) {
    const seen = lengthAt(position, forgetsBelow);
    if (seen !== length) [length, frequencies] = [seen, inverseFrequencies(config, seen)];
    for (let i = 0; i < half; i += 1) {
      const angle = f32(position * (frequencies[i] ?? 0));
      cos[position * half + i] = f32(Math.cos(angle)) * scale;
      sin[position * half + i] = f32(Math.sin(angle)) * scale;
    }
  }
  return { positions, half, cos, sin };
}

/** Length of a prompt below which sequences seen before it do not matter; only dynamic scaling remembers them. */
function forgettingOf({ scaling, maxPositions }: RotaryConfig): number {
  if (scaling.type !== 'dynamic') return Infinity;
  return scaling.forgets ? maxPositions : 0;
}

function inverseFrequencies(config: RotaryConfig, length: number): number[] {
  const { dimension, theta, maxPositions, scaling } = config;
  const powers = (base: number): number[] =>
    range(Math.ceil(dimension / 2)).map((i) => f32(Math.pow(f32(base), f32((2 * i) / dimension))));
  const plain = (base: number): number[] => powers(base).map((power) => f32(1 / power));
  switch (scaling.type) {
    case 'default':
      return plain(theta);
    case 'linear':
      return plain(theta).map((frequency) => f32(frequency / f32(scaling.factor)));
    case 'dynamic':
      return plain(length <= maxPositions ? theta : grownBase(config, scaling.factor, length, scaling.forgets));
    case 'llama3':
      return plain(theta).map((frequency) => llama3Frequency(frequency, scaling));
    case 'yarn':
      return yarnFrequencies(powers(theta), dimension, theta, scaling);
    case 'longrope': {
      const divisors = length > scaling.originalMaxPositions ? scaling.long : scaling.short;
      return powers(theta).map((power, i) => f32(1 / f32(f32(divisors[i] ?? 1) * power)));
    }
    case 'proportional': {
      const rotated = Math.floor((scaling.share * dimension) / 2);
      return plain(theta).map((frequency, i) => (i < rotated ? f32(frequency / f32(scaling.factor)) : 0));
    }
  }
}

/** The base of NTK scaling for a longer sequence. Older classes compute it in double precision. */
function grownBase(
  { dimension, theta, maxPositions }: RotaryConfig,
  factor: number,
  length: number,
  rounds: boolean,
): number {
  if (dimension === 2)
    throw modelErrors.CONFIG_UNSUPPORTED({
      architecture: 'model',
      issues: ['dynamic rope_scaling divides by the number of rotated dimensions less two'],
    });
  const round = rounds ? f32 : (value: number): number => value;
  const growth = round(round(round(factor * length) / maxPositions) - (factor - 1));
  return theta * round(Math.pow(growth, dimension / (dimension - 2)));
}

/** Long wavelengths slowed by the factor, short ones kept, those between blended (Llama 3.1). */
function llama3Frequency(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = scaling;
  const wavelength = over(2 * Math.PI, frequency);
  if (wavelength > originalMaxPositions / lowFrequencyFactor) return f32(frequency / f32(factor));
  if (wavelength < originalMaxPositions / highFrequencyFactor) return frequency;
  const smooth = f32(
    f32(over(originalMaxPositions, wavelength) - f32(lowFrequencyFactor)) /
      f32(highFrequencyFactor - lowFrequencyFactor),
  );
  return f32(f32(f32(f32(1 - smooth) * frequency) / f32(factor)) + f32(smooth * frequency));
}

/** Interpolated and extrapolated frequencies blended by a ramp over dimensions (Peng et al. 2023). */
function yarnFrequencies(
  powers: readonly number[],
  dimension: number,
  theta: number,
  scaling: Extract<RopeScaling, { type: 'yarn' }>,
): number[] {
  const { factor, originalMaxPositions, betaFast, betaSlow, truncates } = scaling;
  const dimensionOf = (rotations: number): number =>
    (dimension * Math.log(originalMaxPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [dimensionOf(betaFast), dimensionOf(betaSlow)];
  const low = Math.max(truncates ? Math.floor(first) : first, 0);
  const high = Math.min(truncates ? Math.ceil(last) : last, dimension - 1);
  const width = f32(high === low ? high + 0.001 - low : high - low);
  return powers.map((power, i) => {
    const ramp = Math.min(Math.max(f32(f32(i - f32(low)) / width), 0), 1);
    const kept = f32(1 - ramp);
    const interpolated = f32(1 / f32(f32(factor) * power));
    return f32(f32(interpolated * f32(1 - kept)) + f32(f32(1 / power) * kept));
  });
}

/**
 * Rotates heads by position. x: [batch, sequence, heads * headDimension], positions: [batch, sequence].
 * Halves are rotated against each other, or with `interleaved` neighbours.
 */
export function rotate(
  g: GraphBuilder,
  x: string,
  positions: string,
  table: RotaryTable,
  heads: number,
  headDimension: number,
  interleaved = false,
): string {
  if (table.half === 0) return x;
  const partial = table.half * 2 < headDimension;
  return g.node(
    'RotaryEmbedding',
    [
      x,
      positions,
      g.positionTable([table.positions, table.half], table.cos),
      g.positionTable([table.positions, table.half], table.sin),
    ],
    {
      domain: 'com.microsoft',
      attributes: {
        interleaved: { int: interleaved ? 1 : 0 },
        ...(partial
          ? { num_heads: { int: heads }, rotary_embedding_dim: { int: table.half * 2 } }
          : { num_heads: { int: heads } }),
      },
    },
  );
}
