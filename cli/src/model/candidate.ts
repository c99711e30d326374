import { join } from 'node:path';
import type { Container } from 'inversify';
import { buildCompetition } from '@assay/core/composition/competitions';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { Competition } from '@assay/core/competition/competition';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { Finding, ListedModel } from '@assay/core/contracts/entry-check';
import type { StoredFile } from '@assay/core/contracts/model';
import type { UploadFile } from '@assay/core/contracts/model-publisher';
import { requireEntry } from '@assay/core/model/entry';
import { sha256OfFile } from '@assay/core/model/files-intact';
import { checksOf } from '../evaluate/acceptance.js';
import { inspect } from '../evaluate/evaluate-model.js';
import { findModel } from '../evaluate/find-model.js';
import { OwnFolder } from '../evaluate/own-folder.js';

/** Published with a model though it does not count: people read it. */
const README = 'README.md';

/** A folder that has passed a competition's checks. */
export interface Candidate {
  /** The files that count. */
  files: StoredFile[];
  /** These, and the README. */
  uploads: UploadFile[];
  checks: Finding[];
  /** Refuses the repo as it is listed, whatever else it holds. */
  requireListed: (listed: ListedModel) => void;
}

interface CheckedBy {
  competition: Competition;
  scheme: CommitmentScheme;
  /** Newest block. */
  block: number;
}

/**
 * Looks at a folder as a validator would look at its repo. Only what would be published is looked at.
 * @throws the first reason for which a validator would refuse it
 */
export async function candidateIn(
  container: Container,
  surroundings: Surroundings,
  directory: string,
  { competition, scheme, block }: CheckedBy,
  signal: AbortSignal,
): Promise<Candidate> {
  const location = { directory, given: directory };
  const found = await findModel(container, location, true, scheme, () => undefined, signal);
  if (found.refusal) throw found.refusal;
  const { files } = found.model;
  const readme = await readmeIn(directory, signal);
  const uploads = [...files, ...readme].map((file) => ({ ...file, file: join(directory, file.path) }));
  const totalBytes = uploads.reduce((sum, { size }) => sum + size, 0);
  const facts = await inspect(container, found, signal);
  const runtime = await buildCompetition(container, competition, { ...surroundings, isNeeded: false }, signal);
  const judge = { profile: surroundings.profile, scheme };
  const checks = checksOf({ runtime, block }, judge, { ...found, totalBytes }, facts);
  const refusal = checks.find(({ error }) => error)?.error;
  if (refusal) throw refusal;
  const context = { constraints: competition.constraints, vocabularySize: runtime.tokenizer.vocabularySize };
  const entryChecks = runtime.rulesAt(block).entryChecks.map(({ rule }) => rule);
  const requireListed = (listed: ListedModel): void => {
    requireEntry(entryChecks.flatMap((one) => one.listed?.(listed, context) ?? []));
  };
  return { files, uploads, checks, requireListed };
}

async function readmeIn(directory: string, signal: AbortSignal): Promise<StoredFile[]> {
  const { files } = await new OwnFolder(directory).list({ namespace: '', name: directory, revision: '' }, signal);
  const found = files.filter(({ path }) => path === README);
  return Promise.all(
    found.map(async (file) => ({ ...file, sha256: await sha256OfFile(join(directory, file.path), signal) })),
  );
}
