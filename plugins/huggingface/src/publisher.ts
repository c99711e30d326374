import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { commit, createRepo, HubApiError, listFiles, modelInfo, whoAmI, type CommitOperation } from '@huggingface/hub';
import { z } from 'zod';
import type { ModelReference } from '@assay/core/contracts/model';
import type { ModelSource } from '@assay/core/contracts/model-store';
import type {
  ModelPublisher,
  PublishedRepo,
  RepoId,
  UploadFile,
  UploadProgress,
  Visibility,
} from '@assay/core/contracts/model-publisher';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { findToken, hubEndpoint, isToken } from '@assay/lib-hub';
import { FileContent } from './file-content.js';
import { HubModels, TOKEN_VARIABLES } from './hub-models.js';
import { HubWrites, type OnPart } from './hub-writes.js';
import { publisherErrors } from './publisher-errors.js';
import type { PublisherOptions } from './publisher-options.js';

const BRANCH = 'main';
/** What a repo may hold beside the files of a model: the hub's own, and what people read. */
const BESIDE = /^(\.gitattributes|README\.md|LICENSE(\.\w+)?)$/;
const namesOf = z.object({
  name: z.string(),
  orgs: z.array(z.object({ name: z.string(), roleInOrg: z.string().optional() })).default([]),
  auth: z.object({ accessToken: z.object({ role: z.string() }).optional() }),
});

/** How a request names the repo and the account. */
interface Access {
  repo: string;
  hubUrl: string;
  accessToken: string;
}

/** Repos of models on the hub, written to with its own client: files as LFS objects, without Xet. */
export class HubPublisher implements ModelPublisher {
  private constructor(
    private readonly hub: string,
    private readonly token: string | undefined,
    private readonly deps: { writes: HubWrites; source: HubModels },
  ) {}

  static async create(options: PublisherOptions, { clock, log, environment }: PluginDeps): Promise<HubPublisher> {
    const { endpoint = hubEndpoint(environment), tries, timeoutMs } = options;
    const token = await findToken(environment, TOKEN_VARIABLES);
    if (token !== undefined && !(isToken(token) && token.startsWith('hf_')))
      throw publisherErrors.HUB_TOKEN_REFUSED({ hub: endpoint, reason: 'it does not look like one' });
    const reading = { endpoint, requestsInFlight: 16, timeoutMs: 30_000, alsoPrivate: true };
    return new HubPublisher(endpoint, token, {
      writes: new HubWrites({ hub: endpoint, tries, timeoutMs }, { clock, fetch: globalThis.fetch }),
      source: new HubModels(reading, { clock, log, token }),
    });
  }

  get source(): ModelSource {
    return this.deps.source;
  }

  async close(): Promise<void> {
    await this.deps.source.close();
  }

  get description(): string {
    return `hub ${this.hub}`;
  }

  /** @throws HUB_TOKEN_MISSING, HUB_TOKEN_REFUSED, HUB_WRITE_REFUSED, HUB_REPO_FOREIGN, HUB_UNREACHABLE */
  async find(repo: RepoId, signal: AbortSignal): Promise<PublishedRepo | undefined> {
    const access = this.#access(repo);
    await this.#requireWriter(repo, access, signal);
    const found = await this.#run(`the look at ${access.repo}`, repo, () => this.#head(access), signal);
    return found && { visibility: found.isPrivate ? 'private' : 'public' };
  }

  async create(repo: RepoId, visibility: Visibility, signal: AbortSignal): Promise<void> {
    const access = this.#access(repo);
    const make = async (): Promise<void> => {
      try {
        await createRepo({ ...access, visibility, fetch: this.deps.writes.fetchTelling() });
      } catch (error) {
        // An answer that was lost: the repo is there.
        if (!(error instanceof HubApiError && error.statusCode === 409)) throw error;
      }
    };
    await this.#run(`the creation of ${access.repo}`, repo, make, signal);
  }

  async upload(
    repo: RepoId,
    files: readonly UploadFile[],
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<ModelReference> {
    const access = this.#access(repo);
    const work = async (): Promise<string> => this.#uploadOnce(access, files, onProgress, signal);
    const revision = await this.#run(`the upload to ${access.repo}`, repo, work, signal);
    return { ...repo, revision };
  }

  /** @throws HUB_REFUSED also where the hub says yes and does nothing: a validator would not see the repo */
  async setVisibility(repo: RepoId, visibility: Visibility, signal: AbortSignal): Promise<void> {
    const access = this.#access(repo);
    const what = `the change of ${access.repo} to ${visibility}`;
    const change = async (): Promise<void> => {
      await this.#putSettings(access, { private: visibility === 'private' }, signal);
      const head = await this.#head(access);
      if (head?.isPrivate !== (visibility === 'private'))
        throw publisherErrors.HUB_REFUSED({ what, status: 200, reason: 'it has not changed; change it by hand' });
    };
    await this.#run(what, repo, change, signal);
  }

  async #putSettings({ repo, accessToken }: Access, settings: object, signal: AbortSignal): Promise<void> {
    const answer = await this.deps.writes.fetchTelling()(`${this.hub}/api/models/${repo}/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(settings),
      signal,
    });
    const text = await answer.text();
    if (!answer.ok) throw new HubApiError(answer.url, answer.status, undefined, text.slice(0, 500));
  }

  /** @returns the commit that holds the files */
  async #uploadOnce(
    access: Access,
    files: readonly UploadFile[],
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const head = await this.#head(access);
    if (!head) throw publisherErrors.HUB_REFUSED({ what: 'the upload', status: 404, reason: `${access.repo} is gone` });
    const { missing, excess } = await this.#difference(access, head.sha, files);
    if (missing.length + excess.length === 0) return head.sha;
    const operations: CommitOperation[] = [
      ...missing.map(({ path, file, size }) => ({
        ...{ operation: 'addOrUpdate' as const, path },
        content: new FileContent(path, { file, start: 0, end: size }),
      })),
      ...excess.map((path) => ({ operation: 'delete' as const, path })),
    ];
    const result = await commit({
      ...{ ...access, operations, branch: BRANCH, parentCommit: head.sha, useXet: false },
      title: 'Upload model',
      // The client never takes its listener off.
      abortSignal: AbortSignal.any([signal]),
      fetch: this.deps.writes.fetchTelling(progressOf(missing, onProgress)),
    });
    return requireCommit(result?.commit.oid, 'the upload');
  }

  /** What is there at the head; undefined where there is no such repo. */
  async #head(access: Access): Promise<{ sha: string; isPrivate: boolean } | undefined> {
    try {
      const { repo: name, hubUrl, accessToken } = access;
      const fetch = this.deps.writes.fetchTelling();
      const info = await modelInfo({ name, hubUrl, accessToken, fetch, additionalFields: ['sha'], revision: BRANCH });
      return { sha: requireCommit(info.sha, `the look at ${name}`), isPrivate: info.private };
    } catch (error) {
      if (error instanceof HubApiError && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  async #difference(
    access: Access,
    revision: string,
    files: readonly UploadFile[],
  ): Promise<{ missing: UploadFile[]; excess: string[] }> {
    const wanted = new Map(files.map((file) => [file.path, file]));
    const excess: string[] = [];
    const listing = listFiles({ ...access, revision, recursive: true, fetch: this.deps.writes.fetchTelling() });
    for await (const { type, path, size, oid, lfs } of listing) {
      if (type !== 'file') continue;
      const file = wanted.get(path);
      if (!file) {
        if (!BESIDE.test(path)) excess.push(path);
        continue;
      }
      const same = lfs ? lfs.oid === file.sha256 : size === file.size && oid === (await gitIdOf(file));
      if (same) wanted.delete(path);
    }
    return { missing: [...wanted.values()], excess };
  }

  async #requireWriter(repo: RepoId, access: Access, signal: AbortSignal): Promise<void> {
    const { accessToken, hubUrl } = access;
    const ask = async (): Promise<unknown> => whoAmI({ accessToken, hubUrl, fetch: this.deps.writes.fetchTelling() });
    const answer = namesOf.safeParse(await this.#run('the question whose token it is', repo, ask, signal));
    if (!answer.success)
      throw publisherErrors.HUB_ANSWER_UNUSABLE({ what: 'whoami-v2', reason: 'it is of another shape' });
    const { name: user, orgs, auth } = answer.data;
    const isMeant = ({ name }: { name: string }): boolean => name.toLowerCase() === repo.namespace.toLowerCase();
    const owners = [{ name: user, roleInOrg: 'admin' }, ...orgs];
    const owner = owners.find(isMeant);
    if (!owner) throw publisherErrors.HUB_REPO_FOREIGN({ repo: access.repo, owners: owners.map(({ name }) => name) });
    if (auth.accessToken?.role === 'read' || owner.roleInOrg === 'read')
      throw publisherErrors.HUB_WRITE_REFUSED({ repo: access.repo, reason: 'it has the role "read"' });
  }

  /** @throws HUB_TOKEN_MISSING */
  #access({ namespace, name }: RepoId): Access {
    const repo = `${namespace}/${name}`;
    if (this.token === undefined) throw publisherErrors.HUB_TOKEN_MISSING({ repo });
    return { repo, hubUrl: this.hub, accessToken: this.token };
  }

  #run<T>(what: string, { namespace, name }: RepoId, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.deps.writes.run(what, `${namespace}/${name}`, work, signal);
  }
}

/** @throws HUB_ANSWER_UNUSABLE */
function requireCommit(oid: unknown, what: string): string {
  if (typeof oid === 'string' && /^[0-9a-f]{40}$/.test(oid)) return oid;
  throw publisherErrors.HUB_ANSWER_UNUSABLE({ what, reason: 'it names no commit of 40 hex digits' });
}

/** Id of a small file in git. */
async function gitIdOf({ file, size }: UploadFile): Promise<string> {
  return createHash('sha1')
    .update(`blob ${size}\0`)
    .update(await readFile(file))
    .digest('hex');
}

/** Adds up what is sent of several parts of several files. */
function progressOf(files: readonly UploadFile[], onProgress: (progress: UploadProgress) => void): OnPart {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const parts = new Map<string, number>();
  return (path, start, sent) => {
    parts.set(`${start} ${path}`, sent);
    onProgress({ path, total, done: [...parts.values()].reduce((sum, bytes) => sum + bytes, 0) });
  };
}
