import { HubError, readBody, sendFile, sendJson } from './answers.js';
import { pointerOf } from './content.js';

/** @typedef {import('./answers.js').Hub} Hub */
/** @typedef {import('./answers.js').Exchange} Exchange */
/** @typedef {import('./repos.js').FileEntry} FileEntry */
/** @typedef {import('./repos.js').RepoState} RepoState */

const MAX_BODY = 1024 * 1024;
/** Files of one page where the request asks for the last commit of each. */
const EXPANDED_PAGE = 100;

/**
 * A repo that the asking account may see. Without a token the hub does not say whether a repo exists.
 * @param {Hub} hub
 * @param {Exchange} exchange
 * @returns {Promise<RepoState>}
 */
export async function readableRepo({ accounts, repos }, { request, repo }) {
  const account = accounts.of(request.headers);
  const state = await repos.state(repo);
  const isOwner = account?.user === repo.namespace;
  if (!state || (state.private && !isOwner)) {
    if (account) throw new HubError(404, 'Repository not found', 'RepoNotFound');
    throw new HubError(401, 'Invalid username or password.', 'RepoNotFound');
  }
  if (state.gated !== false && !isOwner && !(account && state.allowed.includes(account.user))) {
    const { namespace, name } = repo;
    if (!account)
      throw new HubError(
        401,
        `Access to model ${namespace}/${name} is restricted. You must be authenticated.`,
        'GatedRepo',
      );
    throw new HubError(
      403,
      `Access to model ${namespace}/${name} is restricted and you are not in the authorized list.`,
      'GatedRepo',
    );
  }
  return state;
}

/**
 * `GET /api/models/NAMESPACE/NAME` and `.../revision/REVISION`
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function modelInfo(hub, exchange) {
  const { response, repo, rest, url } = exchange;
  const state = await readableRepo(hub, exchange);
  const revision = rest[0] === 'revision' ? rest.slice(1).join('/') : 'main';
  const sha = await hub.repos.commitOf(repo, state, revision);
  const files = await hub.repos.files(repo, sha);
  const id = `${repo.namespace}/${repo.name}`;
  const withBlobs = url.searchParams.get('blobs') === 'true';
  sendJson(response, {
    ...{ _id: sha.slice(0, 24), id, modelId: id, author: repo.namespace, sha },
    ...{ private: state.private, gated: state.gated, disabled: false, downloads: 0, likes: 0, tags: [] },
    lastModified: new Date(0).toISOString(),
    siblings: files.map((file) => ({
      rfilename: file.path,
      ...(withBlobs ? { size: file.size, blobId: file.oid, ...largePart(file) } : {}),
    })),
  });
}

/**
 * `GET /api/models/NAMESPACE/NAME/tree/REVISION[/FOLDER]`, page by page.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function tree(hub, exchange) {
  const { response, request, repo, rest, url } = exchange;
  const state = await readableRepo(hub, exchange);
  const [, revision = '', ...below] = rest;
  const commit = await hub.repos.commitOf(repo, state, revision);
  const { searchParams } = url;
  const expand = isTrue(searchParams.get('expand'));
  const all = entriesBelow(await hub.repos.files(repo, commit), below.join('/'), isTrue(searchParams.get('recursive')));
  const from = Number(Buffer.from(searchParams.get('cursor') ?? '', 'base64url').toString()) || 0;
  const limit = Math.min(Number(searchParams.get('limit')) || Infinity, expand ? EXPANDED_PAGE : hub.pageSize);
  const page = all.slice(from, from + limit);
  const next = new URL(url);
  next.searchParams.set('cursor', Buffer.from(String(from + limit)).toString('base64url'));
  const hasMore = from + limit < all.length;
  sendJson(
    response,
    page.map((entry) => ({ ...entry, ...(expand ? { lastCommit: lastCommit(commit) } : {}) })),
    { headers: hasMore ? { link: `<http://${request.headers.host}${next.pathname}${next.search}>; rel="next"` } : {} },
  );
}

/**
 * @param {readonly FileEntry[]} files
 * @param {string} folder
 * @param {boolean} recursive
 */
function entriesBelow(files, folder, recursive) {
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = files.filter(({ path }) => path.startsWith(prefix));
  if (inside.length === 0 && folder !== '')
    throw new HubError(404, `${printable(folder)} does not exist`, 'EntryNotFound');
  const folders = new Set(
    inside.flatMap(({ path }) => {
      const parts = path.slice(prefix.length).split('/').slice(0, -1);
      return parts.map((_part, index) => prefix + parts.slice(0, index + 1).join('/'));
    }),
  );
  const isHere = (/** @type {string} */ path) => recursive || !path.slice(prefix.length).includes('/');
  const directories = [...folders].map((path) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path }));
  const entries = [...directories, ...inside.map(entryOf)].filter(({ path }) => isHere(path));
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @param {FileEntry} file */
const entryOf = (file) => ({
  type: 'file',
  oid: file.oid,
  size: file.size,
  ...largePart(file),
  path: file.path,
});

/** @param {FileEntry} file */
const largePart = ({ large, sha256, size }) =>
  large ? { lfs: { oid: sha256, size, pointerSize: pointerOf(sha256, size).length } } : {};

/** @param {string} commit */
const lastCommit = (commit) => ({ id: commit, title: 'Upload', date: new Date(0).toISOString() });

/**
 * `POST /api/models/NAMESPACE/NAME/paths-info/REVISION`
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function pathsInfo(hub, exchange) {
  const { request, response, repo, rest } = exchange;
  const state = await readableRepo(hub, exchange);
  const commit = await hub.repos.commitOf(repo, state, rest[1] ?? '');
  const body = await readBody(request, MAX_BODY);
  const { paths, expand } = request.headers['content-type']?.startsWith('application/json')
    ? JSON.parse(body)
    : { paths: new URLSearchParams(body).getAll('paths'), expand: isTrue(new URLSearchParams(body).get('expand')) };
  const wanted = new Set(paths);
  const files = (await hub.repos.files(repo, commit)).filter(({ path }) => wanted.has(path));
  sendJson(
    response,
    files.map((file) => ({ ...entryOf(file), ...(expand ? { lastCommit: lastCommit(commit) } : {}) })),
  );
}

/**
 * `GET /NAMESPACE/NAME/resolve/REVISION/PATH`: a large file is elsewhere, a small one at a path of its own that names the
 * commit. Both are redirects, as on the hub.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function resolve(hub, exchange) {
  const { response, repo, rest } = exchange;
  const state = await readableRepo(hub, exchange);
  const [, revision = '', ...path] = rest;
  const commit = await hub.repos.commitOf(repo, state, revision);
  const file = await fileAt(hub, exchange, commit, path.join('/'));
  const address = [repo.namespace, repo.name, commit, ...file.path.split('/')].map(encodeURIComponent).join('/');
  const location = file.large
    ? `http://${exchange.request.headers.host}${hub.signatures.sign(`/cdn/${address}`)}`
    : `/api/resolve-cache/models/${address}`;
  response.writeHead(file.large ? 302 : 307, {
    location,
    'accept-ranges': 'bytes',
    'content-length': '0',
    'x-repo-commit': commit,
    etag: `"${file.large ? file.sha256 : file.oid}"`,
    'x-linked-size': String(file.size),
    'x-linked-etag': `"${file.large ? file.sha256 : file.oid}"`,
  });
  response.end();
}

/**
 * `GET /api/resolve-cache/models/NAMESPACE/NAME/COMMIT/PATH`: the bytes of a small file.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function resolveCache(hub, exchange) {
  const { response, repo, rest } = exchange;
  const state = await readableRepo(hub, exchange);
  const commit = await hub.repos.commitOf(repo, state, rest[0] ?? '');
  const { file, size, oid, large, path } = await fileAt(hub, exchange, commit, rest.slice(1).join('/'));
  if (large) throw new HubError(404, `${printable(path)} is a large file`, 'EntryNotFound');
  const headers = { 'x-repo-commit': commit };
  await sendFile(response, { file, size, etag: `"${oid}"`, headers, bytesPerSecond: hub.bytesPerSecond });
}

/**
 * `GET /NAMESPACE/NAME/raw/REVISION/PATH`: what git has, the pointer of a large file.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function raw(hub, exchange) {
  const { response, repo, rest } = exchange;
  const state = await readableRepo(hub, exchange);
  const [, revision = '', ...path] = rest;
  const commit = await hub.repos.commitOf(repo, state, revision);
  const { file, size, oid, large, sha256 } = await fileAt(hub, exchange, commit, path.join('/'));
  const headers = { 'x-repo-commit': commit, etag: `"${oid}"` };
  if (!large) {
    await sendFile(response, { file, size, etag: `"${oid}"`, headers, bytesPerSecond: hub.bytesPerSecond });
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': 'text/plain' });
  response.end(pointerOf(sha256, size));
}

/**
 * `GET /cdn/...`, signed: the bytes of a large file. Whoever has the address needs no token.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function delivered(hub, exchange) {
  const { response, rest, url } = exchange;
  hub.signatures.require(url);
  const { file, size, sha256 } = await fileAt(hub, exchange, rest[0] ?? '', rest.slice(1).join('/'));
  await sendFile(response, { file, size, etag: `"${sha256}"`, bytesPerSecond: hub.bytesPerSecond });
}

/**
 * @param {Hub} hub
 * @param {Exchange} exchange
 * @param {string} commit
 * @param {string} path
 */
async function fileAt(hub, { repo }, commit, path) {
  const found = (await hub.repos.files(repo, commit)).find((file) => file.path === path);
  if (!found) throw new HubError(404, 'Entry not found', 'EntryNotFound');
  return found;
}

/** @param {string | null} value */
const isTrue = (value) => value === 'true' || value === '1' || value === 'True';

/** @param {string} text */
const printable = (text) => text.replace(/[^\x20-\x7e]/g, '?');
