import { modelErrors } from './errors.js';
import type { StoredTensor } from './files/weights.js';

/** Tensors that a way of quantizing keeps beside or in place of a weight, most telling first. */
const COMPANIONS: readonly [name: RegExp, method: string][] = [
  [/\.weight_(packed|zero_point|shape|g_idx)$/, 'compressed-tensors'],
  [/\.g_idx$/, 'GPTQ'],
  [/\.(qweight|qzeros)$/, 'GPTQ or AWQ'],
  [/\.(SCB|weight_format)$/, 'bitsandbytes, 8 bits'],
  [/\.(nested_)?(absmax|quant_map)$|\.quant_state\./, 'bitsandbytes, 4 bits'],
  [/\.weight_scale_inv$/, 'FP8 with scales by block'],
  [/\.(weight_scale|input_scale)$/, 'FP8 or INT8 with scales'],
  [/\.W_q$/, 'HQQ'],
  [/\.(codes|codebooks)$/, 'AQLM'],
  [/\.weight_scales$/, 'EETQ'],
  [/\.weight\._(data|scale|zeropoint)$/, 'quanto'],
  [/\.scales$/, 'integers with scales'],
];
const PACKED: Readonly<Record<string, string>> = {
  F8_E4M3: 'FP8',
  F8_E5M2: 'FP8',
  I8: '8-bit integers',
  U8: 'packed 8-bit integers',
  I32: 'packed 32-bit integers',
  U32: 'packed 32-bit integers',
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Refuses a config that asks the library to load quantized weights, whatever the files hold. @throws WEIGHTS_QUANTIZED */
export function requireNoQuantization(raw: Readonly<Record<string, unknown>>): void {
  const { quantization_config: given } = raw;
  if (given === undefined || given === null) return;
  throw modelErrors.WEIGHTS_QUANTIZED({ method: methodOf(given), sign: 'quantization_config in config.json' });
}

function methodOf(given: unknown): string {
  if (!isRecord(given)) return 'no method is named';
  const bits = ['load_in_4bit', 'load_in_8bit'].filter((key) => given[key] === true).map((key) => `, ${key}`)[0] ?? '';
  const { quant_method: method } = given;
  if (typeof method === 'string') return `${method}${bits}`;
  return bits === '' ? 'no method is named' : `bitsandbytes${bits}`;
}

/** A tensor that only quantized weights have, and the method that it tells of. */
export function companionOf(stored: readonly StoredTensor[]): { name: string; method: string } | undefined {
  for (const [pattern, method] of COMPANIONS) {
    const companion = stored.find(({ name }) => pattern.test(name));
    if (companion) return { name: companion.name, method };
  }
  return undefined;
}

/**
 * The error for a tensor that is absent or does not fit, where the files look quantized.
 * @param companion of any tensor of the model
 */
export function quantizationError(
  tensor: StoredTensor | undefined,
  companion: ReturnType<typeof companionOf>,
): Error | undefined {
  if (companion) return modelErrors.WEIGHTS_QUANTIZED({ method: companion.method, sign: `tensor ${companion.name}` });
  const packed = tensor && Object.hasOwn(PACKED, tensor.dtype) ? PACKED[tensor.dtype] : undefined;
  if (!tensor || packed === undefined) return undefined;
  return modelErrors.WEIGHTS_QUANTIZED({ method: packed, sign: `tensor ${tensor.name}, stored as ${tensor.dtype}` });
}
