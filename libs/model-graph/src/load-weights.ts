import { elementsOf } from '@assay/core/contracts/model';
import type { JsonObject } from '@assay/core/model/json-object';
import type { AnyArchitecture } from './architectures/architecture.js';
import { isTrue } from './files/python-values.js';
import { haveSameValues } from './files/same-values.js';
import { readWeights, type StoredTensor } from './files/weights.js';
import type { Library } from './library.js';
import { matchTensors } from './match-tensors.js';

export interface LoadedWeights {
  /** Real path of the folder that holds the files with the weights. */
  weightsFolder: string;
  /** Of the model that the weights make: where 5 unties it, another one than config.json says. */
  config: unknown;
  /** The tensors that the architecture uses, under its own names. */
  tensors: ReadonlyMap<string, StoredTensor>;
  unused: string[];
  /** As the library counts them. */
  parameterCount: number;
}

/**
 * Finds the tensors of a model. Version 5 does not tie a head to the embedding where the files hold both and their values
 * differ: the model is then the one whose config.json sets `tie_word_embeddings` to false.
 * @throws WEIGHTS_MISSING, INDEX_MALFORMED, SAFETENSORS_MALFORMED, SAFETENSORS_FORMAT and what `matchTensors` throws
 */
export async function loadWeights(
  directory: string,
  architecture: AnyArchitecture,
  { raw, config }: { raw: JsonObject; config: unknown },
  library: Library,
): Promise<LoadedWeights> {
  const weights = await readWeights(directory, library);
  // Version 5 has no torchscript.
  const copiesTied = library !== '5' && isTrue(raw['torchscript']);
  const load = (given: unknown): Omit<LoadedWeights, 'weightsFolder'> & { storedHead?: StoredTensor } => ({
    config: given,
    parameterCount: parametersOf(architecture, given, copiesTied),
    ...matchTensors(architecture, given, weights, { library, copiesTied }),
  });
  const { storedHead, ...tied } = load(config);
  const embedding = tied.tensors.get(architecture.tied(config)?.name ?? '');
  const staysTied = !storedHead || !embedding || (await haveSameValues(weights.folder, embedding, storedHead));
  if (staysTied) return { weightsFolder: weights.folder, ...tied };
  return { weightsFolder: weights.folder, ...load(architecture.config.parse({ ...raw, tie_word_embeddings: false })) };
}

/** Tied weights once; for torchscript the library makes a copy of them, of the same values, and counts it. */
function parametersOf(architecture: AnyArchitecture, config: unknown, copiesTied: boolean): number {
  const tensors = architecture.tensors(config);
  const tied = copiesTied ? architecture.tied(config)?.name : undefined;
  return tensors.reduce((sum, { name, shape }) => sum + elementsOf(shape) * (name === tied ? 2 : 1), 0);
}
