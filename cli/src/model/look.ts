import type { Container } from 'inversify';
import type { CommitmentScheme, FileReason, RepoDocuments } from '@assay/core/contracts/commitment-scheme';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import { MODEL_STORE, type FetchProgress, type ModelStore } from '@assay/core/contracts/model-store';
import type { RepoFile, StoredModel } from '@assay/core/contracts/model';
import { ModelAcquirer, type AcquirerStore } from '@assay/core/model/acquire';
import { codeNotes } from '@assay/core/model/unopened';
import type { ModelLocation } from '../evaluate/find-model.js';
import { OwnFolder } from '../evaluate/own-folder.js';

/** The files of a folder or repo, and which of them are the model. */
interface LookedAt {
  model: StoredModel;
  files: RepoFile[];
  documents: RepoDocuments;
  /** Empty where the commitment scheme does not explain itself. */
  reasons: FileReason[];
}

/**
 * A folder where it lies, or a repo through the configured store; the files that count are hashed.
 * @throws what a validator refuses a repo for before it has hashed it
 */
export async function lookAt(
  container: Container,
  location: ModelLocation,
  scheme: CommitmentScheme,
  onProgress: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<LookedAt> {
  const isFolder = 'directory' in location;
  const store: AcquirerStore = isFolder
    ? new OwnFolder(location.directory)
    : await container.getAsync<ModelStore>(MODEL_STORE);
  const reference = isFolder ? { namespace: '', name: location.given, revision: '' } : location.reference;
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const acquirer = new ModelAcquirer({}, { store, inspector, scheme });
  const { files } = await store.list(reference, signal);
  const documents = await acquirer.documents(reference, files, signal);
  const model = await store.fetch(reference, scheme.filesThatCount(files, documents), onProgress, signal);
  return { model, files, documents, reasons: scheme.explainFiles?.(files, documents) ?? [] };
}

/** Notes on what the files say: settings that have no effect, and content that makes validators refuse the repo. */
export function notesOn({ documents, model }: LookedAt): string[] {
  const { config, tokenizerConfig } = documents;
  const twins = model.files.filter(
    ({ sha256 }, index) => model.files.findIndex((other) => other.sha256 === sha256) !== index,
  );
  return [
    ...codeNotes('config.json', config),
    ...codeNotes('tokenizer_config.json', tokenizerConfig ?? {}),
    ...twins.map(
      ({ path }) => `${path} has the content of another file that counts: no validator accepts such a repo.`,
    ),
  ];
}
