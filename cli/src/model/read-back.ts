import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container } from 'inversify';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import { MODEL_INSPECTOR, type ModelInspector } from '@assay/core/contracts/evaluator';
import type { ModelPublisher } from '@assay/core/contracts/model-publisher';
import { repoName, type ModelReference, type StoredModel } from '@assay/core/contracts/model';
import { ModelAcquirer } from '@assay/core/model/acquire';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import type { Teller } from '../model-command.js';
import { fetchedText } from '../report/quantities.js';
import type { Candidate } from './candidate.js';
import { modelCommandErrors } from './errors.js';

interface Deps {
  container: Container;
  surroundings: Surroundings;
  tell: Teller;
  scheme: CommitmentScheme;
}

/**
 * The files of a published revision as a validator gets them: listed, fetched and verified by the same keeper, into a folder
 * of its own, so that nothing that this machine has already stands in for what was published. The folder goes when the
 * files are compared; before that, the next call goes on with it.
 * @throws READ_BACK_DIFFERS, what a validator refuses
 */
export async function readBack(
  reference: ModelReference,
  { files, requireListed }: Candidate,
  { source }: ModelPublisher,
  deps: Deps,
  signal: AbortSignal,
): Promise<StoredModel> {
  deps.tell.step('reading back');
  const directory = join(deps.surroundings.dataDir, 'read-back', reference.namespace, reference.name);
  const model = await fetchInto(directory, reference, { source, requireListed }, deps, signal);
  const differing = differingPaths(files, model.files);
  await rm(directory, { recursive: true, force: true });
  if (differing.length > 0) throw modelCommandErrors.READ_BACK_DIFFERS({ repo: repoName(reference), paths: differing });
  return model;
}

async function fetchInto(
  directory: string,
  reference: ModelReference,
  { source, requireListed }: Pick<ModelPublisher, 'source'> & Pick<Candidate, 'requireListed'>,
  { container, surroundings, tell, scheme }: Deps,
  signal: AbortSignal,
): Promise<StoredModel> {
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const store = await ModelKeeper.open({ directory }, { source: unclosed(source), clock: surroundings.clock });
  try {
    requireListed({ reference, ...(await store.list(reference, signal)) });
    const acquirer = new ModelAcquirer({}, { store, inspector, scheme });
    const { model } = await acquirer.fetch(
      reference,
      (progress) => {
        tell.progress(`reading back ${fetchedText(progress)}`);
      },
      signal,
    );
    return model;
  } finally {
    await store.close();
  }
}

/** A source without its end: the publisher ends it. */
const unclosed = (source: ModelPublisher['source']): ModelPublisher['source'] => ({
  description: source.description,
  ...(source.sources ? { sources: source.sources } : {}),
  list: source.list.bind(source),
  open: source.open.bind(source),
});

function differingPaths(
  wanted: readonly { path: string; sha256: string }[],
  found: readonly { path: string; sha256: string }[],
): string[] {
  const [ours, theirs] = [wanted, found].map((files) => new Map(files.map(({ path, sha256 }) => [path, sha256])));
  const paths = new Set([...wanted, ...found].map(({ path }) => path));
  return [...paths].filter((path) => ours?.get(path) !== theirs?.get(path));
}
