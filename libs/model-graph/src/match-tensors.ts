import { elementsOf } from '@assay/core/contracts/model';
import type { AnyArchitecture, ExpectedTensor } from './architectures/architecture.js';
import { modelErrors } from './errors.js';
import { loadOrder, type Load } from './files/load-order.js';
import { elementBytesOf } from './files/safetensors.js';
import type { StoredTensor, StoredWeights } from './files/weights.js';
import type { Library } from './library.js';
import { FLOAT_TYPES, WEIGHT_TYPES } from './graph/graph-builder.js';
import { companionOf, quantizationError } from './quantization.js';

interface MatchedTensors {
  /** Under the architecture's names. */
  tensors: Map<string, StoredTensor>;
  /** Names in the files whose tensors nothing reads, sorted. */
  unused: string[];
  /** The head that the files hold beside a tied embedding. 5 unties the two where their values differ. */
  storedHead?: StoredTensor;
}

interface Rules {
  library: Library;
  /** For torchscript in 4.x: the head is a copy of the embedding, and its own tensor has no say. */
  copiesTied: boolean;
}

/**
 * Finds every tensor of the architecture in the files, as the library does. Whatever the library loads must fit, also where
 * a later tensor replaces it. Unlike the library nothing is filled in.
 * @throws WEIGHTS_MIXED, WEIGHTS_QUANTIZED, EXPERT_SURPLUS, TENSOR_MISSING, TENSOR_SHAPE, TENSOR_TYPE
 */
export function matchTensors(
  architecture: AnyArchitecture,
  config: unknown,
  weights: StoredWeights,
  rules: Rules,
): MatchedTensors {
  const expected = architecture.tensors(config);
  const tied = architecture.tied(config);
  const shapes = shapesOf(expected, tied);
  const naming = { ...architecture, names: [...shapes.keys()] };
  const loads = loadOrder(weights, naming, rules.library);
  const stored = weights.files.flatMap((file) => file.stored);
  const requireFitting = fittingAmong(stored, rules.library);
  const surplus = architecture.surplus?.(
    config,
    stored.map(({ name }) => name),
  );
  if (surplus !== undefined) throw modelErrors.EXPERT_SURPLUS({ tensor: surplus });
  for (const { name, tensor } of loads) requireFitting(name, shapes.get(name) ?? [], tensor);
  const found = new Map(loads.map(({ name, tensor }) => [name, tensor]));
  const storedHead = tied && settleTied(found, loads, tied, rules);
  const tensors = new Map(
    expected.flatMap((one) => {
      const tensor = found.get(one.name) ?? partOf(one, found);
      return tensor ? [[one.name, tensor] as const] : [];
    }),
  );
  requireComplete(
    expected.filter(({ name }) => !tensors.has(name)),
    stored,
  );
  const loaded = new Set(loads.map(({ tensor }) => tensor));
  const unused = stored.filter((tensor) => !loaded.has(tensor)).map(({ name }) => name);
  return { tensors, unused: [...new Set(unused)].sort(), ...(storedHead ? { storedHead } : {}) };
}

type Tied = ReturnType<AnyArchitecture['tied']>;

/** Every name that is looked for, and its shape. The head of a tied pair comes after the embedding, as it is loaded. */
function shapesOf(expected: readonly ExpectedTensor[], tied: Tied): Map<string, readonly number[]> {
  return new Map(
    expected.flatMap(({ name, shape, within }) => [
      [name, shape] as const,
      ...(name === tied?.name ? [[tied.otherName, shape] as const] : []),
      ...(within ? [[within.name, within.shape] as const] : []),
    ]),
  );
}

/**
 * Which of the two tensors of a tied pair is the embedding. 4.44: the one that is loaded last. 4.57: its own, and the head
 * is nothing without it. 5: its own, or the head where there is none.
 * @returns the head where it may still be another tensor
 */
function settleTied(
  found: Map<string, StoredTensor>,
  loads: readonly Load[],
  { name, otherName }: NonNullable<Tied>,
  { library, copiesTied }: Rules,
): StoredTensor | undefined {
  const [embedding, head] = [found.get(name), found.get(otherName)];
  if (!head || library === '4.57') return undefined;
  if (library === '5') {
    if (embedding) return head;
    found.set(name, head);
    return undefined;
  }
  const last = loads.findLast((load) => load.name === name || load.name === otherName);
  if (!copiesTied && last) found.set(name, last.tensor);
  return undefined;
}

/** A tensor that a larger one holds. */
function partOf({ shape, within }: ExpectedTensor, found: ReadonlyMap<string, StoredTensor>): StoredTensor | undefined {
  const whole = within && found.get(within.name);
  if (!whole) return undefined;
  const bytes = elementBytesOf(whole.dtype);
  return {
    ...whole,
    shape: [...shape],
    offset: whole.offset + within.start * bytes,
    length: elementsOf(shape) * bytes,
  };
}

function requireComplete(missing: readonly ExpectedTensor[], stored: readonly StoredTensor[]): void {
  const [first] = missing;
  if (!first) return;
  throw (
    quantizationError(undefined, companionOf(stored)) ??
    modelErrors.TENSOR_MISSING({ tensor: first.name, missing: missing.length })
  );
}

/** A check of one tensor against its place. */
function fittingAmong(
  stored: readonly StoredTensor[],
  library: Library,
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
    // Beside scales whole numbers are steps of a quantized weight; by themselves 4.44 and 5 take them for what they are.
    const quantized = known() || dtype.startsWith('F8_') ? quantizationError(tensor, known()) : undefined;
    if (quantized) throw quantized;
    if (library === '4.57' || !Object.hasOwn(WEIGHT_TYPES, dtype))
      throw modelErrors.TENSOR_TYPE({ tensor: name, dtype });
  };
}
