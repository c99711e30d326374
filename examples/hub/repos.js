import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubError } from './answers.js';
import { ContentDigests, gitBlobId, GIT_ATTRIBUTES, isLarge, pointerOf } from './content.js';

const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$/;
const COMMIT = /^[0-9a-f]{40}$/;
const MOVING = new Set(['main', 'HEAD', 'refs/heads/main']);
/** What may not stand in the path of a file. */
const UNUSABLE_PART = /^\.{0,2}$|[\\\0-\x1f]|^\.git$/;

/** @typedef {{ private: boolean, gated: false | 'auto' | 'manual', allowed: string[], head: string | null }} RepoState */
/** @typedef {{ namespace: string, name: string }} RepoName */
/**
 * @typedef {object} FileEntry
 * @property {string} path
 * @property {string} file where it lies
 * @property {number} size
 * @property {string} sha256
 * @property {string} oid what git has under this path: the content, or the pointer to it
 * @property {boolean} large
 */

/**
 * @typedef {object} Change
 * @property {string} title
 * @property {string} [parentCommit] refused where another commit has happened since
 * @property {{ path: string, content?: Buffer, sha256?: string, size?: number }[]} [add] content, or a large file by its digest
 * @property {string[]} [remove]
 */

/**
 * Repos in a folder. A revision is a folder with its files, `NAMESPACE/NAME/REVISION/...`, as the store `local-files` reads
 * them too. `repo.json` beside the revisions holds what else there is to know; a repo without one is public, and its head is
 * its newest revision. `.hub/objects/SHA256` holds the large files that were uploaded, revisions share them by hard links.
 */
export class Repos {
  #digests = new ContentDigests();
  /** @type {Map<string, Promise<unknown>>} */
  #queues = new Map();

  /** @param {string} root */
  constructor(root) {
    this.root = root;
    this.objects = join(root, '.hub', 'objects');
    this.drafts = join(root, '.hub', 'drafts');
  }

  /** Drafts of a server that was killed are of no use. */
  async open() {
    await rm(this.drafts, { recursive: true, force: true });
    for (const folder of [this.objects, this.drafts]) await mkdir(folder, { recursive: true });
  }

  /**
   * @param {RepoName} repo
   * @returns {Promise<RepoState | undefined>}
   */
  async state({ namespace, name }) {
    if (!PART.test(namespace) || !PART.test(name)) return undefined;
    const folder = join(this.root, namespace, name);
    const found = await readFile(join(folder, 'repo.json'), 'utf8').catch(() => undefined);
    if (found !== undefined) return JSON.parse(found);
    const revisions = (await readdir(folder).catch(() => [])).filter((one) => COMMIT.test(one));
    if (revisions.length === 0) return undefined;
    const dated = await Promise.all(revisions.map(async (id) => ({ id, at: (await stat(join(folder, id))).mtimeMs })));
    const [newest] = dated.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
    return { private: false, gated: false, allowed: [], head: newest?.id ?? null };
  }

  /**
   * The commit that a revision means.
   * @param {RepoName} repo
   * @param {RepoState} state
   * @param {string} revision
   * @returns {Promise<string>}
   */
  async commitOf({ namespace, name }, state, revision) {
    const id = MOVING.has(revision) ? state.head : revision;
    const folder = id !== null && COMMIT.test(id) ? join(this.root, namespace, name, id) : undefined;
    if (id !== null && folder !== undefined && (await stat(folder).catch(() => undefined))?.isDirectory()) return id;
    throw new HubError(404, `Invalid rev id: ${revision}`.replace(/[^\x20-\x7e]/g, '?'), 'RevisionNotFound');
  }

  /**
   * Every file of a commit, in the order of their paths.
   * @param {RepoName} repo
   * @param {string} commit
   * @returns {Promise<FileEntry[]>}
   */
  async files({ namespace, name }, commit) {
    const root = join(this.root, namespace, name, commit);
    const found = await readdir(root, { recursive: true, withFileTypes: true });
    const paths = found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
    return Promise.all(paths.map((path) => this.#entry(path, join(root, path))));
  }

  /**
   * @param {string} path
   * @param {string} file
   * @returns {Promise<FileEntry>}
   */
  async #entry(path, file) {
    const { size, sha256, oid } = await this.#digests.of(file);
    const large = isLarge(path, size);
    return { path, file, size, sha256, large, oid: large ? gitBlobId(pointerOf(sha256, size)) : oid };
  }

  /**
   * Makes a repo with the first commit that the hub makes too: the attributes of large files.
   * @param {RepoName} repo
   * @param {boolean} isPrivate
   */
  async create(repo, isPrivate) {
    if (!PART.test(repo.namespace) || !PART.test(repo.name)) throw new HubError(400, 'Invalid repo name');
    return this.#inTurn(repo, async () => {
      if (await this.state(repo)) throw new HubError(409, 'You already created this model repo');
      const state = { private: isPrivate, gated: /** @type {const} */ (false), allowed: [], head: null };
      const content = Buffer.from(GIT_ATTRIBUTES);
      await this.#commit(repo, state, { title: 'initial commit', add: [{ path: '.gitattributes', content }] });
    });
  }

  /**
   * @param {RepoName} repo
   * @param {Partial<RepoState>} change
   */
  async change(repo, change) {
    return this.#inTurn(repo, async () => this.#write(repo, { ...(await this.#required(repo)), ...change }));
  }

  /**
   * @param {RepoName} repo
   * @param {Change} change
   * @returns {Promise<string>} the commit
   */
  async commit(repo, change) {
    return this.#inTurn(repo, async () => {
      const state = await this.#required(repo);
      if (change.parentCommit !== undefined && change.parentCommit !== state.head)
        throw new HubError(412, 'A commit has happened since. Please refresh and try again.');
      return this.#commit(repo, state, change);
    });
  }

  /**
   * The new revision is made beside the others and appears with one rename; the head moves after that.
   * @param {RepoName} repo
   * @param {RepoState} state
   * @param {Change} change
   */
  async #commit(repo, state, { title, add = [], remove = [] }) {
    const draft = join(this.drafts, randomUUID());
    await mkdir(draft, { recursive: true });
    const replaced = new Set([...remove, ...add.map(({ path }) => path)]);
    for (const { path, file } of state.head === null ? [] : await this.files(repo, state.head))
      if (!replaced.has(path)) await place(join(draft, path), (target) => link(file, target));
    for (const { path, content, sha256, size } of add) {
      if (path.split('/').some((part) => UNUSABLE_PART.test(part)))
        throw new HubError(400, `Invalid path in repo: ${JSON.stringify(path)}`.replace(/[^\x20-\x7e]/g, '?'));
      if (content) await place(join(draft, path), (target) => writeFile(target, content, { flush: true }));
      else await place(join(draft, path), (target) => this.#linkObject(sha256 ?? '', size, target));
    }
    const id = createHash('sha1').update(`${state.head}\n${new Date().toISOString()}\n${randomUUID()}\n${title}`);
    const commit = id.digest('hex');
    const folder = join(this.root, repo.namespace, repo.name);
    await mkdir(folder, { recursive: true });
    await rename(draft, join(folder, commit));
    await this.#write(repo, { ...state, head: commit });
    return commit;
  }

  /**
   * @param {string} sha256
   * @param {number | undefined} size
   * @param {string} target
   */
  async #linkObject(sha256, size, target) {
    const object = /^[0-9a-f]{64}$/.test(sha256) ? join(this.objects, sha256) : undefined;
    const found = object === undefined ? undefined : await stat(object).catch(() => undefined);
    if (object === undefined || !found || (size !== undefined && found.size !== size))
      throw new HubError(400, `LFS pointer pointed to a file that does not exist: ${sha256.slice(0, 64)}`);
    await link(object, target);
  }

  /** @param {RepoName} repo */
  async #required(repo) {
    const state = await this.state(repo);
    if (!state) throw new HubError(404, 'Repository not found', 'RepoNotFound');
    return state;
  }

  /**
   * @param {RepoName} repo
   * @param {RepoState} state
   */
  async #write({ namespace, name }, state) {
    const file = join(this.root, namespace, name, 'repo.json');
    const draft = join(this.drafts, randomUUID());
    await writeFile(draft, JSON.stringify(state), { flush: true });
    await rename(draft, file);
  }

  /**
   * @template T
   * @param {RepoName} repo
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #inTurn({ namespace, name }, work) {
    const key = `${namespace}/${name}`;
    const mine = (this.#queues.get(key) ?? Promise.resolve()).then(work, work);
    this.#queues.set(
      key,
      mine.catch(() => undefined),
    );
    return mine;
  }
}

/**
 * @param {string} target
 * @param {(target: string) => Promise<unknown>} work
 */
async function place(target, work) {
  await mkdir(dirname(target), { recursive: true });
  await work(target);
}
