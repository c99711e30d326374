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
import { isTrue, requireLoadable } from './load-checks.js';
import { matchTensors } from './match-tensors.js';
import { requireNoQuantization } from './quantization.js';

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
  unused: string[];
  /** As the library counts them. */
  parameterCount: number;
}

/** Config, generation config and headers; the weights themselves are not read. */
export async function openModel(directory: string): Promise<InspectedModel> {
  const raw = await readConfig(directory, 'config.json');
  if (!raw) throw modelErrors.CONFIG_UNREADABLE({ file: 'config.json', reason: 'it is missing' });
  const architecture = architectureNamed(raw);
  requireNoQuantization(raw);
  const parsed = architecture.config.safeParse(raw);
  if (!parsed.success) throw unsupported(architecture, parsed.error.issues);
  const config: unknown = parsed.data;
  requireLoadable(raw, architecture, config);
  const generation = await readGenerationConfig(directory, { ...architecture.generationDefaults, ...raw });
  const weights = await readWeights(directory);
  const copiesTied = isTrue(raw['torchscript']);
  return {
    directory,
    weightsFolder: weights.folder,
    architecture,
    config,
    generation,
    parameterCount: parametersOf(architecture, config, copiesTied),
    ...matchTensors(architecture, config, weights, copiesTied),
  };
}

/** @throws ARCHITECTURE_UNSUPPORTED */
function architectureNamed(raw: Readonly<Record<string, unknown>>): AnyArchitecture {
  const modelType = typeof raw['model_type'] === 'string' ? raw['model_type'] : undefined;
  const architecture = modelType === undefined ? undefined : architectureOf(modelType);
  if (architecture) return architecture;
  const parts = Object.keys(raw).filter((key) => /^(text|language|llm|vision|audio|speech)_config$/.test(key));
  throw modelErrors.ARCHITECTURE_UNSUPPORTED({
    modelType,
    supported: classNames(),
    ...(parts.length > 0 ? { parts } : {}),
  });
}

/** Facts about a folder, its used tensors hashed. */
export async function inspectModel(directory: string): Promise<ModelFacts> {
  const model = await openModel(directory);
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
