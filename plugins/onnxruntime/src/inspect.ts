import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelFacts } from '@assay/core/contracts/model';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { UnusableJson } from '@assay/core/model/json-object';
import type { AnyArchitecture } from './architectures/architecture.js';
import { architectureOf, classNames } from './architectures/registry.js';
import { modelErrors } from './errors.js';
import { effectiveGenerationConfig, generationConfig, type GenerationConfig } from './files/generation-config.js';
import { readJsonObject } from './files/read-json.js';
import { readTensor } from './files/tensor-content.js';
import { readWeights, type StoredTensor } from './files/weights.js';
import { matchTensors } from './match-tensors.js';

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_REPORTED_TENSORS = 20;

/** A folder whose config and headers have passed every check: ready to become a graph. */
export interface InspectedModel {
  directory: string;
  /** Real path of the folder that holds the files with the weights. */
  weightsFolder: string;
  architecture: AnyArchitecture;
  /** Of the architecture's own type. */
  config: unknown;
  generation: GenerationConfig;
  /** The tensors that the architecture uses, under its own names. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Embedding and head where they are one and the files hold both. */
  twins: readonly [StoredTensor, StoredTensor] | undefined;
  unused: string[];
  /** As the library counts them. */
  parameterCount: number;
}

/** Config, generation config and headers; the weights themselves are not read. */
export async function openModel(directory: string): Promise<InspectedModel> {
  const raw = await readConfig(directory, 'config.json');
  if (!raw) throw modelErrors.CONFIG_UNREADABLE({ file: 'config.json', reason: 'it is missing' });
  const { model_type: modelType } = raw;
  const architecture = typeof modelType === 'string' ? architectureOf(modelType) : undefined;
  if (!architecture)
    throw modelErrors.ARCHITECTURE_UNSUPPORTED({
      modelType: typeof modelType === 'string' ? modelType : typeof modelType,
      supported: classNames(),
    });
  const parsed = architecture.config.safeParse(raw);
  if (!parsed.success) throw unsupported(architecture, parsed.error.issues);
  const config: unknown = parsed.data;
  const generation = await readGenerationConfig(directory, { ...architecture.generationDefaults, ...raw });
  const { folder, tensors } = await readWeights(directory);
  const parameterCount = parametersOf(architecture, config, raw['torchscript'] === true);
  return {
    directory,
    weightsFolder: folder,
    architecture,
    config,
    generation,
    parameterCount,
    ...matchTensors(architecture, config, tensors),
  };
}

/** Facts about a folder, its used tensors hashed. */
export async function inspectModel(directory: string): Promise<ModelFacts> {
  const model = await openModel(directory);
  await requireEqualTwins(model);
  const tensorsDigest = await digestOfTensors(model);
  const { architecture, config, generation } = model;
  const identity = canonicalJson(
    z.json().parse(JSON.parse(JSON.stringify([architecture.className, config, generation, tensorsDigest]))),
  );
  const maxPositions = architecture.maxPositions(config);
  return {
    architecture: architecture.className,
    parameterCount: model.parameterCount,
    vocabularySize: architecture.vocabularySize(config),
    ...(maxPositions === undefined ? {} : { maxPositions }),
    evaluationDigest: createHash('sha256').update(identity).digest('hex'),
    tensorsDigest,
    unusedTensors: model.unused.slice(0, MAX_REPORTED_TENSORS),
    dtypes: [...new Set([...model.tensors.values()].map(({ dtype }) => dtype))].sort(),
  };
}

/** Tied weights once; for torchscript the library makes a copy of them, of the same values, and counts it. */
function parametersOf(architecture: AnyArchitecture, config: unknown, copiesTied: boolean): number {
  const tensors = architecture.tensors(config);
  const tied = copiesTied ? architecture.tied(config)?.name : undefined;
  return tensors.reduce((sum, { name, shape }) => sum + elements(shape) * (name === tied ? 2 : 1), 0);
}

const elements = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

async function readConfig(directory: string, file: string): Promise<Record<string, unknown> | undefined> {
  try {
    return await readJsonObject(join(directory, file), MAX_CONFIG_BYTES);
  } catch (error) {
    if (error instanceof UnusableJson) throw modelErrors.CONFIG_UNREADABLE({ file, reason: error.message });
    throw error;
  }
}

async function readGenerationConfig(directory: string, config: Record<string, unknown>): Promise<GenerationConfig> {
  const file = 'generation_config.json';
  const given = await readConfig(directory, file);
  const parsed = generationConfig.safeParse(effectiveGenerationConfig(given, config));
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw modelErrors.CONFIG_UNREADABLE({ file: given ? file : 'config.json', reason });
}

function unsupported(
  architecture: AnyArchitecture,
  issues: readonly { path: readonly PropertyKey[]; message: string }[],
): Error {
  return modelErrors.CONFIG_UNSUPPORTED({
    architecture: architecture.className,
    issues: issues
      .slice(0, 5)
      .map(({ path, message }) => (path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message)),
  });
}

/** Names and shapes are in the headers; that two copies of one tensor agree is not. */
async function requireEqualTwins({ weightsFolder, twins, architecture, config }: InspectedModel): Promise<void> {
  const tied = architecture.tied(config);
  if (!twins || !tied) return;
  const [first, second] = twins;
  const same =
    first.dtype === second.dtype &&
    (await readTensor(weightsFolder, first)).digest === (await readTensor(weightsFolder, second)).digest;
  if (!same) throw modelErrors.TIED_TENSORS_DIFFER({ tensor: tied.name, other: tied.otherName });
}

/**
 * Over name, type, shape and sha256 of the bytes of each used tensor, in order of names.
 * @throws NON_FINITE_WEIGHT, also where no sample would have touched it: another round's may
 */
async function digestOfTensors({ weightsFolder, tensors }: InspectedModel): Promise<string> {
  const digest = createHash('sha256');
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { digest: content, nonFinite } = await readTensor(weightsFolder, tensor);
    if (nonFinite) throw modelErrors.NON_FINITE_WEIGHT({ tensor: name, ...nonFinite });
    digest.update(JSON.stringify([name, tensor.dtype, tensor.shape, content]));
  }
  return digest.digest('hex');
}
