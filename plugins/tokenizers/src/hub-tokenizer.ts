import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadFile, modelInfo } from '@huggingface/hub';
import type { Tokenizer, TokenizerReference } from '@assay/core/contracts/tokenizer';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { tokenizerErrors } from './errors.js';
import { tokenizerFolder } from './tokenizer-folder.js';

type HubReference = Extract<TokenizerReference, { kind: 'hub' }>;

const FILES = ['tokenizer.json', 'tokenizer_config.json'];
const COMMIT = /^[0-9a-f]{40}$/;
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * A tokenizer out of a public repo of the hub, kept on disk by commit. A branch is looked up at each start; where the hub
 * does not answer, the commit that it was at last serves.
 */
export async function hubTokenizer({ repo, revision }: HubReference, { dataDir, environment, log }: PluginDeps, signal: AbortSignal): Promise<Tokenizer> {
  const hub = new Hub(environment['HF_ENDPOINT'] ?? 'https://huggingface.co', signal);
  const home = join(dataDir, ...repo.split('/'));
  try {
    const commit = await commitOf(hub, { repo, revision }, join(home, 'refs', revision), log);
    const folder = join(home, commit);
    if (!existsSync(folder)) await fetchInto(folder, hub, repo, commit);
    return await tokenizerFolder(folder, `${repo}@${commit}`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || 'code' in error) throw error;
    throw tokenizerErrors.TOKENIZER_UNAVAILABLE({ repo, revision, reason: error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message }, error);
  }
}

/** The hub without a token: tokenizers of competitions are public. */
class Hub {
  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  async commit(repo: string, revision: string): Promise<string> {
    const { sha } = await modelInfo({ name: repo, revision, additionalFields: ['sha'], hubUrl: this.url, fetch: this.#fetch });
    if (!COMMIT.test(sha)) throw new Error('the hub names no commit');
    return sha;
  }

  async file(repo: string, revision: string, path: string): Promise<Buffer> {
    const file = await downloadFile({ repo, revision, path, hubUrl: this.url, fetch: this.#fetch });
    if (!file) throw new Error(`the repo has no ${path}`);
    if (file.size > MAX_BYTES) throw new Error(`${path} has ${file.size} bytes`);
    return Buffer.from(await file.arrayBuffer());
  }

  readonly #fetch: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.any([this.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
}

async function commitOf(hub: Hub, { repo, revision }: Pick<HubReference, 'repo' | 'revision'>, path: string, log: PluginDeps['log']): Promise<string> {
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

/** Both files or none. */
async function fetchInto(folder: string, hub: Hub, repo: string, commit: string): Promise<void> {
  const draft = `${folder}.${randomUUID()}`;
  for (const name of FILES) await writeWhole(join(draft, name), await hub.file(repo, commit, name));
  await rename(draft, folder).catch((error: unknown) => {
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  });
}

async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, content);
  await rename(draft, path);
}
