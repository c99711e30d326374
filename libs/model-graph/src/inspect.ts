import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Inspection } from '@assay/core/contracts/evaluator';
import type { UsedTensor } from '@assay/core/contracts/model';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { UnusableJson, type JsonDocument } from '@assay/core/model/json-object';
import type { AnyArchitecture } from './architectures/architecture.js';
import { hiddenKeyIssues } from './architectures/hidden-keys.js';
import { librariesWith, type Registry } from './architectures/registry.js';
import { modelErrors } from './errors.js';
import { baseConfigIssues } from './files/base-config.js';
import type { GenerationConfig } from './files/generation-config.js';
import { readGeneration } from './files/read-generation.js';
import { readJsonDocument } from './files/read-json.js';
import { readTensor } from './files/tensor-content.js';
import type { StoredTensor } from './files/weights.js';
import { paddingIssues } from './files/padding.js';
import { libraryName, type Library } from './library.js';
import { loadWeights, type LoadedWeights } from './load-weights.js';
import { requireNoQuantization } from './quantization.js';
import { unreadKeys } from './unread-keys.js';

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_REPORTED_TENSORS = 20;

/** A folder whose config and headers have passed every check: ready to become a graph. */
export interface InspectedModel extends LoadedWeights {
  directory: string;
  /** The version of the library by which the folder was read. */
  library: Library;
  architecture: AnyArchitecture;
  generation: GenerationConfig;
  /** What the files say and the library does not heed. */
  notes: readonly string[];
}

/** Config, generation config and headers, as the registry's version of the library takes them; the weights themselves are not read. */
export async function openModel(directory: string, registry: Registry): Promise<InspectedModel> {
  const document = await readConfig(directory);
  const raw = document.object;
  const { library } = registry;
  const architecture = architectureNamed(raw, registry);
  requireNoQuantization(raw);
  const parsed = architecture.config.safeParse(raw);
  if (!parsed.success) throw unsupported(architecture, parsed.error.issues);
  requireNoIssues(architecture, [
    ...baseConfigIssues(document, architecture, library),
    ...hiddenKeyIssues(raw, architecture, library),
  ]);
  const config: unknown = parsed.data;
  const { className, generationDefaults } = architecture;
  const vocabularySize = architecture.vocabularySize(config);
  requireNoIssues(architecture, paddingIssues(document, architecture, vocabularySize, library));
  const known = { library, className, generationDefaults, vocabularySize };
  const { generation, note } = await readGeneration(directory, document, known, MAX_CONFIG_BYTES);
  return {
    directory,
    library,
    architecture,
    generation,
    notes: [...(note === undefined ? [] : [note]), ...unreadKeys(raw, architecture, libraryName(library))],
    ...(await loadWeights(directory, architecture, { raw, config }, library)),
  };
}

/** @throws CONFIG_UNSUPPORTED */
function requireNoIssues({ className }: AnyArchitecture, issues: string[]): void {
  if (issues.length > 0) throw modelErrors.CONFIG_UNSUPPORTED({ architecture: className, issues });
}

/** @throws ARCHITECTURE_UNSUPPORTED */
function architectureNamed(raw: Readonly<Record<string, unknown>>, registry: Registry): AnyArchitecture {
  const modelType = typeof raw['model_type'] === 'string' ? raw['model_type'] : undefined;
  const architecture = modelType === undefined ? undefined : registry.architectureOf(modelType);
  if (architecture) return architecture;
  const parts = Object.keys(raw).filter((key) => /^(text|language|llm|vision|audio|speech)_config$/.test(key));
  throw modelErrors.ARCHITECTURE_UNSUPPORTED({
    modelType,
    supported: registry.classNames(),
    library: libraryName(registry.library),
    others: modelType === undefined ? [] : librariesWith(modelType),
    ...(parts.length > 0 ? { parts } : {}),
  });
}

/** Facts about a folder, its used tensors hashed. */
export async function inspectModel(
  directory: string,
  registry: Registry,
): Promise<Inspection & { tensors: UsedTensor[] }> {
  const model = await openModel(directory, registry);
  const tensors = await hashedTensors(model);
  const tensorsDigest = digestOf(tensors);
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
    ...(model.notes.length > 0 ? { notes: [...model.notes] } : {}),
    tensors,
  };
}

async function readConfig(directory: string): Promise<JsonDocument> {
  const file = 'config.json';
  try {
    const document = await readJsonDocument(join(directory, file), MAX_CONFIG_BYTES);
    if (document) return document;
  } catch (error) {
    if (error instanceof UnusableJson) throw modelErrors.CONFIG_UNREADABLE({ file, reason: error.message });
    throw error;
  }
  throw modelErrors.CONFIG_UNREADABLE({ file, reason: 'it is missing' });
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
 * The used tensors in order of names, every byte read. Each file is opened once: a model may have 100,000 tensors.
 * @throws NON_FINITE_WEIGHT, also where no sample would have touched it: another round's may
 */
async function hashedTensors({ weightsFolder, tensors }: InspectedModel): Promise<UsedTensor[]> {
  const byFile = new Map<string, [name: string, tensor: StoredTensor][]>();
  for (const [name, tensor] of [...tensors].sort(byName)) {
    const others = byFile.get(tensor.file) ?? [];
    others.push([name, tensor]);
    byFile.set(tensor.file, others);
  }
  const hashed: [name: string, tensor: UsedTensor][] = [];
  for (const [file, members] of byFile) {
    const handle = await open(join(weightsFolder, file));
    try {
      for (const [name, tensor] of members) hashed.push([name, await hashedTensor(handle, name, tensor)]);
    } finally {
      await handle.close();
    }
  }
  return hashed.sort(byName).map(([, tensor]) => tensor);
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

async function hashedTensor(handle: FileHandle, name: string, tensor: StoredTensor): Promise<UsedTensor> {
  const { nonFinite, ...content } = await readTensor(handle, tensor);
  if (nonFinite) throw modelErrors.NON_FINITE_WEIGHT({ tensor: name, ...nonFinite });
  return { name, dtype: tensor.dtype, shape: tensor.shape, ...content };
}

/** Over name, type, shape and sha256 of the bytes of each tensor. */
function digestOf(tensors: readonly UsedTensor[]): string {
  const whole = createHash('sha256');
  for (const { name, dtype, shape, digest } of tensors) whole.update(JSON.stringify([name, dtype, shape, digest]));
  return whole.digest('hex');
}
