import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from '../architectures/registry.js';
import { evaluatorErrors } from '../errors.js';
import { openModel, type InspectedModel } from '../inspect.js';
import type { ComputeType } from './compute-type.js';
import { writeRandomModel, type RandomModel } from './random-model.js';

/** Largest difference of a loss in nats between a device and the CPU in float32. */
export const TOLERANCE: Readonly<Record<ComputeType, number>> = { float32: 1e-4, float16: 0.02, bfloat16: 0.1 };

const SEQUENCE = Array.from({ length: 48 }, (_none, index) => (index * 37 + 11) % 96);

/** Keys that the classes of the decoder family share. */
const DECODER = {
  vocab_size: 96,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  pad_token_id: null,
};

/** Every kind of block and each storage type at least once, as far as the version of the library has the class. */
const MODELS: readonly RandomModel[] = [
  { dtype: 'BF16', config: { ...DECODER, model_type: 'llama' } },
  {
    dtype: 'F16',
    config: {
      ...DECODER,
      model_type: 'gemma2',
      head_dim: 16,
      query_pre_attn_scalar: 16,
      sliding_window: 8,
      attn_logit_softcapping: 5,
      final_logit_softcapping: 3,
    },
  },
  { dtype: 'BF16', config: { ...DECODER, model_type: 'mixtral', intermediate_size: 48, num_local_experts: 6 } },
  { dtype: 'F32', config: { model_type: 'gpt2', vocab_size: 96, n_embd: 64, n_layer: 2, n_head: 4, n_positions: 64 } },
  // Queries, keys and values in one matrix, gate and up in another; a part of each head is rotated.
  { dtype: 'BF16', config: { ...DECODER, model_type: 'phi3', partial_rotary_factor: 0.5 } },
  // Each head normed by itself, norms on both sides of a part, angles by the type of the layer.
  {
    dtype: 'BF16',
    config: { ...DECODER, model_type: 'gemma3_text', head_dim: 16, sliding_window: 8, sliding_window_pattern: 2 },
  },
  // All heads normed together, norms behind each part.
  { dtype: 'F16', config: { ...DECODER, model_type: 'olmo2', attention_bias: true } },
];

/** A device, and how the loss of a sequence is computed on it and on the CPU in float32. */
export interface ComparedDevice {
  name: string;
  computeType: ComputeType;
  lossOn: (model: InspectedModel, sequence: number[]) => Promise<number>;
  lossOnCpu: (model: InspectedModel, sequence: number[]) => Promise<number>;
}

/**
 * Small models have the losses on this device that they have on the CPU: drivers and kernels have been wrong before.
 * @throws DEVICE_DIFFERS, and what `lossOn` throws
 */
export async function requireAgreement(device: ComparedDevice, registry: Registry): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-device-'));
  try {
    for (const model of MODELS.filter(({ config }) => registry.architectureOf(config.model_type))) {
      await writeRandomModel(folder, model, registry);
      const opened = await openModel(folder, registry);
      const expected = await device.lossOnCpu(opened, SEQUENCE);
      const difference = Math.abs((await device.lossOn(opened, SEQUENCE)) - expected);
      const tolerance = TOLERANCE[device.computeType];
      if (!(difference <= tolerance)) {
        throw evaluatorErrors.DEVICE_DIFFERS({
          device: device.name,
          computeType: device.computeType,
          difference: Number.isFinite(difference) ? difference : String(difference),
          tolerance,
        });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
