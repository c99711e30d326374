import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import type { Tokenizer, TokenizerReference } from '@assay/core/contracts/tokenizer';
import { hubEndpoint } from '@assay/lib-hub';
import { printable } from '@assay/core/errors/printable';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { tokenizerErrors } from './errors.js';
import { COMMIT, Hub } from './hub.js';
import { tokenizerFolder, warnOf } from './tokenizer-folder.js';

type HubReference = Extract<TokenizerReference, { kind: 'hub' }>;

/** Of what a library says of an answer. */
const LONGEST_REASON = 200;
/** Errors that another transfer of the same files does not mend. */
const NO_MATTER_OF_TRANSFER = new Set(['TOKENIZER_NOT_FOLLOWED', 'TOKENIZER_LIBRARY_MISSING']);
const FILES = ['tokenizer.json', 'tokenizer_config.json'];

/**
 * A tokenizer out of a public repo of the hub, kept on disk by commit. A branch is looked up at each start; where the hub
 * does not answer, the commit that it was at last serves.
 * @throws TOKENIZER_UNAVAILABLE, TOKENIZER_NOT_FOLLOWED, TOKENIZER_LIBRARY_MISSING, ENDPOINT_UNUSABLE
 */
export async function hubTokenizer(
  { repo, revision }: HubReference,
  { dataDir, environment, log }: PluginDeps,
  signal: AbortSignal,
): Promise<Tokenizer> {
  const hub = new Hub(hubEndpoint(environment), signal);
  const home = join(dataDir, ...repo.split('/'));
  try {
    const commit = await commitOf(hub, { repo, revision }, join(home, 'refs', revision), log);
    const folder = join(home, commit);
    const name = `${repo}@${commit}`;
    const warn = warnOf(log, name);
    return (await kept(folder, name, log, warn)) ?? (await fetchInto(folder, hub, { repo, commit }, warn));
  } catch (error) {
    signal.throwIfAborted();
    if (isAssayError(error) && NO_MATTER_OF_TRANSFER.has(error.code)) throw error;
    throw tokenizerErrors.TOKENIZER_UNAVAILABLE({ repo, revision, reason: reasonOf(error) }, error);
  }
}

/** What the hub itself says of an error is whatever answers there may say: its status is told. */
function reasonOf(error: unknown): string {
  if (error instanceof HubApiError) return `status ${error.statusCode}`;
  const inner = isAssayError(error) ? error.payload['reason'] : undefined;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const reason = error instanceof Error ? `${error.message}${cause}` : String(error);
  return printable(typeof inner === 'string' ? inner : reason, LONGEST_REASON);
}

async function commitOf(
  hub: Hub,
  { repo, revision }: Pick<HubReference, 'repo' | 'revision'>,
  path: string,
  log: PluginDeps['log'],
): Promise<string> {
  if (COMMIT.test(revision)) return revision;
  try {
    const commit = await hub.commit(repo, revision);
    await writeWhole(path, commit);
    return commit;
  } catch (error) {
    const last = (await readFile(path, 'utf8').catch(() => '')).trim();
    if (!COMMIT.test(last)) throw error;
    log('warn', 'the hub did not answer: the tokenizer is the one of the last start', { repo, commit: last });
    return last;
  }
}

async function kept(
  folder: string,
  name: string,
  log: PluginDeps['log'],
  warn: (reason: string) => void,
): Promise<Tokenizer | undefined> {
  if (!existsSync(folder)) return undefined;
  try {
    return await tokenizerFolder(folder, name, warn);
  } catch (error) {
    log('warn', "a stored tokenizer can't be read and is fetched again", { name, reason: reasonOf(error) });
    return undefined;
  }
}

/** Both files or none, and only when they are a tokenizer: what is kept serves every later start. */
async function fetchInto(
  folder: string,
  hub: Hub,
  { repo, commit }: { repo: string; commit: string },
  warn: (reason: string) => void,
): Promise<Tokenizer> {
  const draft = `${folder}.${randomUUID()}`;
  try {
    for (const name of FILES) await writeWhole(join(draft, name), await hub.file(repo, commit, name));
    const tokenizer = await tokenizerFolder(draft, `${repo}@${commit}`, warn);
    await putInPlace(draft, folder);
    return tokenizer;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function putInPlace(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    // Another process was faster, or what is there can't be read.
    if (await tokenizerFolder(folder).catch(() => undefined)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  }
}

async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, content);
  await rename(draft, path);
}
