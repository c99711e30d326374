import { modelErrors } from '../errors.js';
import type { SeenLength } from '../architectures/architecture.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';

/** How one architecture turns positions into angles. All sizes in elements of one head. */
export interface RotaryConfig {
  /** Rotated elements of each head. */
  dimension: number;
  theta: number;
  maxPositions: number;
  scaling: RopeScaling;
}

export type RopeScaling =
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  /** forgets: a sequence within the positions that the model was made for undoes what a longer one has changed. The older classes keep it. */
  | { type: 'dynamic'; factor: number; forgets: boolean }
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalMaxPositions: number;
    }
  | { type: 'yarn'; factor: number; attentionFactor?: number; betaFast: number; betaSlow: number }
  | { type: 'longrope'; factors: readonly number[]; attentionFactor: number };

/** float32 cos and sin, [positions, dimension / 2]. */
export interface RotaryTable {
  positions: number;
  half: number;
  cos: Float32Array;
  sin: Float32Array;
}

const f32 = Math.fround;
const range = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);

/**
 * Angles position * theta^(-2i/d) (Su et al. 2021), rounded to float32 where the library rounds.
 * @param lengthAt see SeenLength: dynamic scaling depends on it, and in generation a cached key keeps the angle of its own time
 */
export function rotaryTable(config: RotaryConfig, positions: number, lengthAt: SeenLength): RotaryTable {
  const half = config.dimension / 2;
  const [cos, sin] = [new Float32Array(positions * half), new Float32Array(positions * half)];
  const scale = attentionScale(config.scaling);
  const { scaling, maxPositions } = config;
  const seenAt = (position: number): number =>
    lengthAt(position, scaling.type === 'dynamic' && scaling.forgets ? maxPositions : 0);
  let frequencies = inverseFrequencies(config, seenAt(0));
  for (let position = 0; position < positions; position += 1) {
    if (scaling.type === 'dynamic') frequencies = inverseFrequencies(config, seenAt(position));
    for (let i = 0; i < half; i += 1) {
      const angle = f32(position * (frequencies[i] ?? 0));
      cos[position * half + i] = f32(Math.cos(angle)) * scale;
      sin[position * half + i] = f32(Math.sin(angle)) * scale;
    }
  }
  return { positions, half, cos, sin };
}

function attentionScale(scaling: RopeScaling): number {
  if (scaling.type === 'yarn') return scaling.attentionFactor ?? 0.1 * Math.log(scaling.factor) + 1;
  return scaling.type === 'longrope' ? scaling.attentionFactor : 1;
}

function inverseFrequencies({ dimension, theta, maxPositions, scaling }: RotaryConfig, length: number): number[] {
  const plain = (base: number): number[] =>
    range(dimension / 2).map((i) => f32(1 / f32(Math.pow(base, f32((2 * i) / dimension)))));
  switch (scaling.type) {
    case 'default':
      return plain(theta);
    case 'linear':
      return plain(theta).map((frequency) => f32(frequency / scaling.factor));
    case 'dynamic': {
      if (length <= maxPositions) return plain(theta);
      if (dimension === 2)
        throw modelErrors.CONFIG_UNSUPPORTED({
          architecture: 'model',
          issues: ['dynamic rope_scaling divides by the number of rotated dimensions less two'],
        });
      const growth = (scaling.factor * length) / maxPositions - (scaling.factor - 1);
      return plain(theta * Math.pow(growth, dimension / (dimension - 2)));
    }
    case 'llama3':
      return plain(theta).map((frequency) => llama3Frequency(frequency, scaling));
    case 'yarn':
      return yarnFrequencies(plain(theta), dimension, theta, maxPositions, scaling);
    case 'longrope':
      return plain(theta).map((frequency, i) => f32(frequency / (scaling.factors[i] ?? 1)));
  }
}

/** Long wavelengths slowed by the factor, short ones kept, those between blended (Llama 3.1). */
function llama3Frequency(frequency: number, scaling: Extract<RopeScaling, { type: 'llama3' }>): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = scaling;
  const wavelength = f32((2 * Math.PI) / frequency);
  if (wavelength > originalMaxPositions / lowFrequencyFactor) return f32(frequency / factor);
  if (wavelength < originalMaxPositions / highFrequencyFactor) return frequency;
  const smooth = f32(
    f32(originalMaxPositions / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor),
  );
  return f32(f32((1 - smooth) * f32(frequency / factor)) + f32(smooth * frequency));
}

/** Interpolated and extrapolated frequencies blended by a ramp over dimensions (Peng et al. 2023). */
function yarnFrequencies(
  plain: readonly number[],
  dimension: number,
  theta: number,
  maxPositions: number,
  { factor, betaFast, betaSlow }: Extract<RopeScaling, { type: 'yarn' }>,
): number[] {
  const dimensionOf = (rotations: number): number =>
    (dimension * Math.log(maxPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(Math.floor(dimensionOf(betaFast)), 0);
  const high = Math.min(Math.ceil(dimensionOf(betaSlow)), dimension - 1);
  const width = high === low ? 0.001 : high - low;
  return plain.map((frequency, i) => {
    const kept = 1 - Math.min(Math.max((i - low) / width, 0), 1);
    return f32(f32(frequency / factor) * (1 - kept) + frequency * kept);
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
      g.floats([table.positions, table.half], table.cos),
      g.floats([table.positions, table.half], table.sin),
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
