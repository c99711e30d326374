import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitmentScheme, RepoDocuments } from '../contracts/commitment-scheme.js';
import type { EntryCheck, EntryContext } from '../contracts/entry-check.js';
import type { ModelInspector } from '../contracts/evaluator.js';
import type { FetchProgress, ModelStore } from '../contracts/model-store.js';
import {
  repoName,
  type ModelReference,
  type RepoFile,
  type StoredModel,
  type VerifiedModel,
} from '../contracts/model.js';
import { isAssayError } from '../errors/assay-error.js';
import { storeErrors, verificationErrors } from './errors.js';
import { fileStates, filesIntact } from './files-intact.js';
import { requireEntry, withRemarks } from './entry.js';
import { CONFIG, configFile, INDEX, WEIGHTS } from './files-that-count.js';
import { parseJsonObject, UnusableJson, type JsonObject } from './json-object.js';
import { TOKENIZER_CONFIG } from './tokenizer-files.js';
import { codeNotes, unopenedNotes } from './unopened.js';

type OnProgress = (progress: FetchProgress) => void;
/** What of a store a model's way in needs. */
export type AcquirerStore = Pick<ModelStore, 'list' | 'read' | 'fetch' | 'stored' | 'discard'>;

const MIB = 1024 * 1024;
/** A config is a few kilobytes; the others grow with tokens and tensors. All are parsed whole. */
const MAX_CONFIG_BYTES = MIB;
const MAX_DOCUMENT_BYTES = 4 * MIB;

export interface AcquireRequest {
  reference: ModelReference;
  /** What the files have to come to, in the words of the commitment scheme. */
  proof: string;
  /** Whose commitment it is. */
  hotkey: string;
  /** Whether the model may play, in the competition's order. */
  checks: readonly EntryCheck[];
  context: EntryContext;
}

/** The entry checks that a model has to pass, and their context; absent where there are none. */
type Asked = Pick<AcquireRequest, 'checks' | 'context'> | undefined;

/** A model's way in: whatever comes out has passed every check, in the order in which they are cheap. */
export class ModelAcquirer {
  constructor(
    private readonly options: { maxConfigBytes?: number; maxDocumentBytes?: number },
    private readonly deps: { store: AcquirerStore; inspector: ModelInspector; scheme: CommitmentScheme },
  ) {}

  /**
   * What the store already holds is not fetched again, but passes the same checks: another hotkey, or a competition with
   * other limits, may claim it. Files that have changed on disk are fetched again, and nothing that they say is believed.
   * @throws errors of fault `miner` for what the miner published; others for everything else
   */
  async acquire(request: AcquireRequest, onProgress: OnProgress, signal: AbortSignal): Promise<VerifiedModel> {
    const { reference, checks, context } = request;
    const { files, totalBytes } = await this.deps.store.list(reference, signal);
    requireEntry(checks.flatMap((one) => one.listed?.({ reference, files, totalBytes }, context) ?? []));
    const fetch = async (): Promise<StoredModel> => this.#fetch(reference, files, onProgress, signal);
    return againIfChanged(async () => {
      const known = await this.#stored(reference, signal);
      let model = known ?? (await fetch());
      // Stored by an earlier version, it may hold other files than those that count now.
      if (known && !this.#isCommitted(known, request)) model = await fetch();
      const fetched = { reference, files: model.files };
      requireEntry(checks.flatMap((one) => one.fetched?.(fetched, context) ?? []));
      if (!this.#isCommitted(model, request)) throw verificationErrors.HASH_MISMATCH({});
      return this.#inspected(model, files, request, signal);
    });
  }

  /**
   * A model that the subnet itself names, with the text of its config.json: there is no claim to prove, and no entry check is asked.
   * The source is not asked for what the store holds already.
   * @throws as `acquire` does
   */
  async acquireReference(
    reference: ModelReference,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<VerifiedModel & { config: string }> {
    return againIfChanged(async () => {
      const model = (await this.#stored(reference, signal)) ?? (await this.#fetchListed(reference, onProgress, signal));
      const verified = await this.#inspected(model, model.files, undefined, signal);
      const config = await readFile(join(model.directory, CONFIG), 'utf8');
      const digest = createHash('sha256').update(config).digest('hex');
      if (model.files.find(({ path }) => path === CONFIG)?.sha256 !== digest) throw modelChanged(model);
      return { ...verified, config };
    });
  }

  async #fetchListed(reference: ModelReference, onProgress: OnProgress, signal: AbortSignal): Promise<StoredModel> {
    const { files } = await this.deps.store.list(reference, signal);
    return this.#fetch(reference, files, onProgress, signal);
  }

  /** Facts and limits of a model, unless its files have changed while they were read. @throws STORED_MODEL_CHANGED */
  async #inspected(
    model: StoredModel,
    published: readonly RepoFile[],
    asked: Asked,
    signal: AbortSignal,
  ): Promise<VerifiedModel> {
    const before = await fileStates(model);
    try {
      const { tensors, ...facts } = await this.deps.inspector.inspect(model.directory, signal);
      const listed = tensors ? { tensors } : {};
      const config = await this.#configOf(model);
      const inspected = { reference: model.reference, files: model.files, facts, config, ...listed };
      const findings = asked?.checks.flatMap((one) => one.inspected?.(inspected, asked.context) ?? []) ?? [];
      requireEntry(findings);
      if ((await fileStates(model)) !== before) await this.#requireIntact(model, signal);
      const notes = [...codeNotes(CONFIG, config), ...unopenedNotes(published)];
      return { ...model, facts: withRemarks(facts, findings, notes), ...listed };
    } catch (error) {
      if (isAssayError(error) && error.fault === 'miner') await this.#requireIntact(model, signal);
      throw error;
    }
  }

  /** config.json of a stored model. What is wrong with it, inspection has told before. */
  async #configOf({ directory }: StoredModel): Promise<JsonObject> {
    const config = usable(await readFile(join(directory, CONFIG)));
    if (config instanceof UnusableJson)
      throw verificationErrors.REPO_FILE_INVALID({ path: CONFIG, reason: config.message });
    return config;
  }

  #isCommitted(model: StoredModel, { hotkey, proof }: AcquireRequest): boolean {
    return this.deps.scheme.proofOf(model, hotkey) === proof;
  }

  async #requireIntact(model: StoredModel, signal: AbortSignal): Promise<void> {
    if (!(await filesIntact(model, signal))) throw modelChanged(model);
  }

  /** A stored model with the content that was verified; one that has changed on disk is discarded. */
  async #stored(reference: ModelReference, signal: AbortSignal): Promise<StoredModel | undefined> {
    const { store } = this.deps;
    const known = await store.stored(reference);
    if (!known || (await filesIntact(known, signal))) return known;
    await store.discard(reference);
    return undefined;
  }

  /** A repo's files that count, whoever has committed to it, and the bytes of the whole repo. */
  async fetch(
    reference: ModelReference,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<{ model: StoredModel; totalBytes: number }> {
    const { files, totalBytes } = await this.deps.store.list(reference, signal);
    const model = (await this.#stored(reference, signal)) ?? (await this.#fetch(reference, files, onProgress, signal));
    return { model, totalBytes };
  }

  async #fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    const documents = await this.documents(reference, files, signal);
    return this.deps.store.fetch(reference, this.deps.scheme.filesThatCount(files, documents), onProgress, signal);
  }

  /** The small files that decide which files of a repo count. @throws REPO_FILE_INVALID */
  async documents(reference: ModelReference, files: readonly RepoFile[], signal: AbortSignal): Promise<RepoDocuments> {
    const { maxConfigBytes = MAX_CONFIG_BYTES, maxDocumentBytes = MAX_DOCUMENT_BYTES } = this.options;
    const find = (path: string): RepoFile | undefined => files.find((file) => file.path === path);
    const read = async (file: RepoFile, limit: number): Promise<JsonObject | UnusableJson> =>
      usable(await this.deps.store.read(reference, file, limit, signal));
    const demand = async (path: string, limit: number): Promise<JsonObject> => {
      const file = find(path);
      if (!file) throw verificationErrors.REPO_FILE_INVALID({ path, reason: 'it is missing' });
      const document = await read(file, limit);
      if (document instanceof UnusableJson)
        throw verificationErrors.REPO_FILE_INVALID({ path, reason: document.message });
      return document;
    };
    const config = await demand(CONFIG, maxConfigBytes);
    const effective = configFile(config);
    const versionedConfig = effective === CONFIG ? config : await demand(effective, maxConfigBytes);
    requireSameConfig(effective, config, versionedConfig);
    const tokenizerFile = find(TOKENIZER_CONFIG);
    const ofTokenizer = tokenizerFile ? await read(tokenizerFile, maxDocumentBytes) : undefined;
    // The library swallows what is wrong with a tokenizer.
    const tokenizerConfig = ofTokenizer instanceof UnusableJson ? null : ofTokenizer;
    const index = !find(WEIGHTS) && find(INDEX) ? await demand(INDEX, maxDocumentBytes) : undefined;
    return {
      config,
      versionedConfig,
      ...(tokenizerConfig === undefined ? {} : { tokenizerConfig }),
      ...(index ? { index } : {}),
    };
  }
}

/** Does the work once more where stored files have changed meanwhile. @throws STORED_MODEL_CHANGED when that happens twice */
async function againIfChanged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'STORED_MODEL_CHANGED') throw error;
    return work();
  }
}

const modelChanged = ({ reference, directory }: StoredModel): Error =>
  storeErrors.STORED_MODEL_CHANGED({ repo: repoName(reference), directory });

function usable(bytes: Uint8Array): JsonObject | UnusableJson {
  try {
    return parseJsonObject(bytes);
  } catch (error) {
    if (error instanceof UnusableJson) return error;
    throw error;
  }
}

/** The evaluator reads config.json: a versioned one may stand beside it but say nothing else. */
function requireSameConfig(path: string, config: JsonObject, versioned: JsonObject): void {
  const said = (document: JsonObject): JsonObject => ({ ...document, configuration_files: null });
  if (isDeepStrictEqual(said(config), said(versioned))) return;
  throw verificationErrors.REPO_FILE_INVALID({
    path,
    reason: `it differs from ${CONFIG}, and a model has one config here`,
  });
}
