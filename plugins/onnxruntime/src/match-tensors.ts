import type { AnyArchitecture, ExpectedTensor } from './architectures/architecture.js';
import { modelErrors } from './errors.js';
import type { StoredTensor, StoredWeights } from './files/weights.js';
import { FLOAT_TYPES, WEIGHT_TYPES } from './onnx/graph-builder.js';
import { companionOf, quantizationError } from './quantization.js';

export interface MatchedTensors {
  /** Under the architecture's names. */
  tensors: Map<string, StoredTensor>;
  /** Names in the files whose tensors nothing reads, sorted. */
  unused: string[];
}

/**
 * Finds every tensor of the architecture in the files, as the library does: file by file, so that the last tensor under
 * a name stays; in the bare model where no name has the prefix; and a tied tensor under either of its names, of which
 * the second one is loaded later. Unlike the library nothing is filled in.
 * @param copiesTied for torchscript: the head is a copy of the embedding, and its own tensor has no say
 * @throws WEIGHTS_MIXED, WEIGHTS_QUANTIZED, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_TYPE
 */
export function matchTensors(
  architecture: AnyArchitecture,
  config: unknown,
  { files, announced }: StoredWeights,
  copiesTied: boolean,
): MatchedTensors {
  const expected = architecture.tensors(config);
  const tied = architecture.tied(config);
  const names = [...expected.map(({ name }) => name), ...(tied ? [tied.otherName] : [])];
  const inFiles = namesInFiles(names, architecture.prefix, announced);
  const stored = files.flatMap((file) => file.stored);
  const requireFitting = fittingAmong(stored);
  const tensors = new Map<string, StoredTensor>();
  const loadedTensors = new Set<StoredTensor>();
  for (const { loaded } of files) {
    const load = (own: string, { name, shape }: ExpectedTensor, counts: boolean): void => {
      const inFile = inFiles.get(own);
      const tensor = inFile === undefined ? undefined : loaded.get(inFile);
      if (!tensor) return;
      requireFitting(own, shape, tensor);
      loadedTensors.add(tensor);
      if (counts) tensors.set(name, tensor);
    };
    for (const one of expected) {
      load(one.name, one, true);
      if (one.name === tied?.name) load(tied.otherName, one, !copiesTied);
    }
  }
  requireComplete(
    expected.filter(({ name }) => !tensors.has(name)),
    stored,
  );
  const unused = stored.filter((tensor) => !loadedTensors.has(tensor)).map(({ name }) => name);
  return { tensors, unused: [...new Set(unused)].sort() };
}

function requireComplete(missing: readonly ExpectedTensor[], stored: readonly StoredTensor[]): void {
  const [first] = missing;
  if (!first) return;
  throw (
    quantizationError(undefined, companionOf(stored)) ??
    modelErrors.TENSOR_MISSING({ tensor: first.name, missing: missing.length })
  );
}

/** What the architecture's names are in the files; one that can't be there is left out. @throws WEIGHTS_MIXED */
function namesInFiles(names: readonly string[], prefix: string, announced: readonly string[]): Map<string, string> {
  if (announced.some((name) => name.startsWith(prefix))) return new Map(names.map((name) => [name, name]));
  const inside = names.filter((name) => name.startsWith(`${prefix}.`));
  const outside = new Set(names.filter((name) => !name.startsWith(`${prefix}.`)));
  const mixed = announced.find((name) => outside.has(name));
  if (mixed !== undefined) throw modelErrors.WEIGHTS_MIXED({ tensor: mixed, prefix });
  return new Map(inside.map((name) => [name, name.slice(prefix.length + 1)]));
}

/** A check of one tensor against its place. Whatever the library loads must fit, also where a later tensor replaces it. */
function fittingAmong(
  stored: readonly StoredTensor[],
): (name: string, shape: readonly number[], tensor: StoredTensor) => void {
  let companion: { found: ReturnType<typeof companionOf> } | undefined;
  const known = (): ReturnType<typeof companionOf> => (companion ??= { found: companionOf(stored) }).found;
  return (name, shape, tensor) => {
    const { dtype } = tensor;
    if (tensor.shape.length !== shape.length || tensor.shape.some((dimension, index) => dimension !== shape[index])) {
      throw (
        quantizationError(tensor, known()) ??
        modelErrors.TENSOR_SHAPE({ tensor: name, shape: tensor.shape, expected: shape })
      );
    }
    if (FLOAT_TYPES.has(dtype)) return;
    // The library takes whole numbers for what they are; beside scales they are steps of a quantized weight.
    const quantized = known() || dtype.startsWith('F8_') ? quantizationError(tensor, known()) : undefined;
    if (quantized) throw quantized;
    if (!Object.hasOwn(WEIGHT_TYPES, dtype)) throw modelErrors.TENSOR_TYPE({ tensor: name, dtype });
  };
}
