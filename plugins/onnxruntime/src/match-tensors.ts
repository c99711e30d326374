import type { AnyArchitecture } from './architectures/architecture.js';
import { modelErrors } from './errors.js';
import type { StoredTensor } from './files/weights.js';
import { WEIGHT_TYPES } from './onnx/graph-builder.js';

export interface MatchedTensors {
  /** Under the architecture's names. */
  tensors: Map<string, StoredTensor>;
  unused: string[];
  /** Embedding and head where they are one and the files hold both. */
  twins: readonly [StoredTensor, StoredTensor] | undefined;
}

/**
 * Finds every tensor of the architecture in the files, as the library does: by name, all without the prefix when no
 * name has it, a tied one under either of its names. Unlike the library nothing is filled in.
 * @throws TENSOR_MISSING, TENSOR_SHAPE, TENSOR_TYPE
 */
export function matchTensors(
  architecture: AnyArchitecture,
  config: unknown,
  stored: ReadonlyMap<string, StoredTensor>,
): MatchedTensors {
  const { prefix } = architecture;
  const bare = ![...stored.keys()].some((name) => name.startsWith(prefix));
  const find = (name: string): StoredTensor | undefined => {
    if (!bare) return stored.get(name);
    return name.startsWith(`${prefix}.`) ? stored.get(name.slice(prefix.length + 1)) : undefined;
  };
  const tied = architecture.tied(config);
  const other = tied ? find(tied.otherName) : undefined;
  const tensors = new Map<string, StoredTensor>();
  const missing: string[] = [];
  for (const { name, shape } of architecture.tensors(config)) {
    const tensor = find(name) ?? (name === tied?.name ? other : undefined);
    if (tensor) tensors.set(name, fitting(name, shape, tensor));
    else missing.push(name);
  }
  const [first] = missing;
  if (first !== undefined) throw modelErrors.TENSOR_MISSING({ tensor: first, missing: missing.length });
  const used = new Set([...tensors.values(), ...(other ? [other] : [])].map(({ name }) => name));
  const own = tied ? tensors.get(tied.name) : undefined;
  return {
    tensors,
    unused: [...stored.keys()].filter((name) => !used.has(name)).sort(),
    twins: own && other && own !== other ? [own, other] : undefined,
  };
}

function fitting(name: string, shape: readonly number[], tensor: StoredTensor): StoredTensor {
  if (tensor.shape.length !== shape.length || tensor.shape.some((dimension, index) => dimension !== shape[index])) {
    throw modelErrors.TENSOR_SHAPE({ tensor: name, shape: tensor.shape, expected: shape });
  }
  if (!Object.hasOwn(WEIGHT_TYPES, tensor.dtype)) throw modelErrors.TENSOR_TYPE({ tensor: name, dtype: tensor.dtype });
  return tensor;
}
