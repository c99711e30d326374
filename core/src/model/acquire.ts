import type { ModelConstraints } from '../competition/competition.js';
import type { ModelInspector } from '../contracts/evaluator.js';
import type { FetchProgress, ModelStore } from '../contracts/model-store.js';
import type { ModelFacts, ModelReference, RepoFile, StoredModel, VerifiedModel } from '../contracts/model.js';
import { directoryHash, secureHash } from './directory-hash.js';
import { verificationErrors } from './errors.js';
import { CONFIG, filesThatCount, INDEX, TOKENIZER_CONFIG, type JsonObject, type RepoDocuments } from './files-that-count.js';

const MIB = 1024 * 1024;

export interface AcquireRequest {
  reference: ModelReference;
  /** As committed: base64. */
  secureHash: string;
  /** Whose commitment it is. */
  hotkey: string;
  constraints: ModelConstraints;
  /** Ids that the competition's tokenizer can give. */
  vocabularySize: number;
}

/** A model's way in: whatever comes out has passed every check, in the order in which they are cheap. */
export class ModelAcquirer {
  constructor(
    private readonly options: { maxConfigBytes?: number; maxIndexBytes?: number },
    private readonly deps: { store: ModelStore; inspector: ModelInspector },
  ) {}

  /** @throws errors of fault `miner` for what the miner published; others for everything else */
  async acquire(request: AcquireRequest, onProgress: (progress: FetchProgress) => void, signal: AbortSignal): Promise<VerifiedModel> {
    const { reference, constraints } = request;
    const stored = (await this.deps.store.stored(reference)) ?? (await this.#fetch(reference, constraints.maxBytes, onProgress, signal));
    requireDistinct(stored);
    if (secureHash(directoryHash(stored.files), request.hotkey) !== request.secureHash) throw verificationErrors.HASH_MISMATCH({});
    const facts = await this.deps.inspector.inspect(stored.directory, signal);
    requireWithin(facts, constraints, request.vocabularySize);
    return { ...stored, facts };
  }

  async #fetch(
    reference: ModelReference,
    maxBytes: number,
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    const { store } = this.deps;
    const { files, totalBytes } = await store.list(reference, signal);
    if (totalBytes > maxBytes) throw verificationErrors.MODEL_TOO_LARGE({ bytes: totalBytes, limit: maxBytes });
    const documents = await this.#documents(reference, files, signal);
    return store.fetch(reference, filesThatCount(files, documents), onProgress, signal);
  }

  async #documents(reference: ModelReference, files: readonly RepoFile[], signal: AbortSignal): Promise<RepoDocuments> {
    const { maxConfigBytes = MIB, maxIndexBytes = 64 * MIB } = this.options;
    const read = async (path: string, limit: number): Promise<JsonObject | undefined> => {
      if (!files.some((file) => file.path === path)) return undefined;
      return parseObject(path, await this.deps.store.read(reference, path, limit, signal));
    };
    const config = await read(CONFIG, maxConfigBytes);
    if (!config) throw verificationErrors.REPO_FILE_INVALID({ path: CONFIG, reason: 'it is missing' });
    const [tokenizerConfig, index] = [await read(TOKENIZER_CONFIG, maxConfigBytes), await read(INDEX, maxIndexBytes)];
    return { config, ...(tokenizerConfig ? { tokenizerConfig } : {}), ...(index ? { index } : {}) };
  }
}

function parseObject(path: string, bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw verificationErrors.REPO_FILE_INVALID({ path, reason: 'it is not JSON' });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw verificationErrors.REPO_FILE_INVALID({ path, reason: 'it is not a JSON object' });
}

/** In the reference two files of one content share a blob, and moving the second one fails: never accepted. */
function requireDistinct({ files }: StoredModel): void {
  const paths = new Map<string, string>();
  for (const { path, sha256 } of files) {
    const other = paths.get(sha256);
    if (other !== undefined) throw verificationErrors.DUPLICATE_FILES({ paths: [other, path] });
    paths.set(sha256, path);
  }
}

function requireWithin(facts: ModelFacts, constraints: ModelConstraints, vocabularySize: number): void {
  const { architectures, minParameters: min, maxParameters: max, sequenceLength } = constraints;
  if (!architectures.includes(facts.architecture)) {
    throw verificationErrors.ARCHITECTURE_NOT_ALLOWED({ architecture: facts.architecture, allowed: architectures });
  }
  const { parameterCount: parameters, maxPositions: positions } = facts;
  if (parameters < min || parameters > max) throw verificationErrors.PARAMETERS_OUT_OF_RANGE({ parameters, min, max });
  if (positions !== undefined && positions < sequenceLength) throw verificationErrors.SEQUENCES_TOO_LONG({ positions, sequenceLength });
  if (facts.vocabularySize < vocabularySize) {
    throw verificationErrors.VOCABULARY_TOO_SMALL({ vocabulary: facts.vocabularySize, needed: vocabularySize });
  }
}
