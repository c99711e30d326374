import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HubError, paced, readBody, sendJson } from './answers.js';
import { isLarge } from './content.js';
import { readableRepo } from './reading.js';

/** @typedef {import('./answers.js').Hub} Hub */
/** @typedef {import('./answers.js').Exchange} Exchange */

const MAX_BODY = 4 * 1024 * 1024;
/** Small files travel inside the commit. */
const MAX_COMMIT = 512 * 1024 * 1024;
const LFS = 'application/vnd.git-lfs+json';
const NO_WRITE = 'Forbidden: you are not allowed to write to this repository.';

/**
 * `POST /api/repos/create`
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function createRepo({ accounts, repos }, { request, response }) {
  const given = JSON.parse(await readBody(request, MAX_BODY));
  const account = accounts.require(request.headers);
  const namespace = given.organization ?? account.user;
  const refusal = `You don't have the rights to create a model under the namespace "${namespace}"`;
  accounts.requireWriter(request.headers, namespace, refusal);
  const id = `${namespace}/${given.name}`;
  await repos.create({ namespace, name: given.name }, given.private === true || given.visibility === 'private');
  sendJson(response, { url: `http://${request.headers.host}/${id}`, name: id, id });
}

/**
 * A repo that the asking account may write to.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
async function requireWritable(hub, exchange) {
  hub.accounts.require(exchange.request.headers);
  const state = await readableRepo(hub, exchange);
  hub.accounts.requireWriter(exchange.request.headers, exchange.repo.namespace, NO_WRITE);
  return state;
}

/**
 * `POST /api/models/NAMESPACE/NAME/preupload/main`: which files are large.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function preupload(hub, exchange) {
  await requireWritable(hub, exchange);
  const { files } = JSON.parse(await readBody(exchange.request, MAX_BODY));
  sendJson(exchange.response, {
    files: files.map((/** @type {{ path: string, size: number }} */ { path, size }) => ({
      path,
      uploadMode: isLarge(path, size) ? 'lfs' : 'regular',
      shouldIgnore: false,
    })),
  });
}

/**
 * `POST /NAMESPACE/NAME.git/info/lfs/objects/batch`: where large files are to be put; no action for those that are there.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function lfsBatch(hub, exchange) {
  await requireWritable(hub, exchange);
  const { request, response } = exchange;
  const { objects, transfers = ['basic'] } = JSON.parse(await readBody(request, MAX_BODY));
  const answers = [];
  for (const { oid, size } of objects) {
    if (!/^[0-9a-f]{64}$/.test(oid)) throw new HubError(422, 'Invalid object id');
    const known = await stat(join(hub.repos.objects, oid)).catch(() => undefined);
    const upload = known ? undefined : uploadAction(hub, request, { oid, size, transfers });
    answers.push({ oid, size, ...(upload ? { actions: { upload } } : {}) });
  }
  sendJson(response, { transfer: 'basic', objects: answers }, { type: LFS });
}

/**
 * @param {Hub} hub
 * @param {Exchange['request']} request
 * @param {{ oid: string, size: number, transfers: string[] }} wanted
 */
function uploadAction({ signatures, multipartBytes }, { headers: { host } }, { oid, size, transfers }) {
  const signed = (/** @type {string} */ path) => `http://${host}${signatures.sign(`/lfs/${oid}/${path}`)}`;
  if (size <= multipartBytes || !transfers.includes('multipart')) return { href: signed('whole') };
  const parts = Array.from({ length: Math.ceil(size / multipartBytes) }, (_part, index) =>
    String(index + 1).padStart(5, '0'),
  );
  const addresses = Object.fromEntries(parts.map((part) => [part, signed(`part/${part}`)]));
  return { href: signed('complete'), header: { chunk_size: String(multipartBytes), ...addresses } };
}

/**
 * `PUT /lfs/OID/whole`, signed: the content of a large file, which has to have its digest.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function putObject(hub, { request, response, rest, url }) {
  hub.signatures.require(url);
  const [oid = ''] = rest;
  await keepObject(hub, oid, paced(request, hub.bytesPerSecond));
  response.writeHead(200, { etag: `"${oid}"`, 'content-length': '0' });
  response.end();
}

/**
 * `PUT /lfs/OID/part/NUMBER`, signed.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function putPart(hub, { request, response, rest, url }) {
  hub.signatures.require(url);
  const [oid = '', , part = ''] = rest;
  const folder = join(hub.repos.drafts, 'parts', oid);
  await mkdir(folder, { recursive: true });
  const digest = createHash('md5');
  const file = join(folder, part);
  const incoming = `${file}.${randomUUID()}`;
  await pipeline(told(paced(request, hub.bytesPerSecond), digest), createWriteStream(incoming));
  await rename(incoming, file);
  response.writeHead(200, { etag: `"${digest.digest('hex')}"`, 'content-length': '0' });
  response.end();
}

/**
 * `POST /lfs/OID/complete`, signed: the parts are one file from now on.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function completeParts(hub, { request, response, rest, url }) {
  hub.signatures.require(url);
  const [oid = ''] = rest;
  const { parts } = JSON.parse(await readBody(request, MAX_BODY));
  const folder = join(hub.repos.drafts, 'parts', oid);
  const files = parts.map((/** @type {{ partNumber: number }} */ { partNumber }) =>
    join(folder, String(partNumber).padStart(5, '0')),
  );
  await keepObject(hub, oid, joined(files));
  await rm(folder, { recursive: true, force: true });
  sendJson(response, { success: true }, { type: LFS });
}

/** @param {readonly string[]} files */
async function* joined(files) {
  for (const file of files) yield* createReadStream(file);
}

/**
 * @param {AsyncIterable<Buffer>} bytes
 * @param {import('node:crypto').Hash} digest
 */
async function* told(bytes, digest) {
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
}

/**
 * @param {Hub} hub
 * @param {string} oid
 * @param {AsyncIterable<Buffer>} bytes
 */
async function keepObject({ repos }, oid, bytes) {
  const digest = createHash('sha256');
  const draft = join(repos.drafts, randomUUID());
  try {
    await pipeline(told(bytes, digest), createWriteStream(draft, { flush: true }));
    if (digest.digest('hex') !== oid) throw new HubError(400, 'The content does not match the object id');
    await rename(draft, join(repos.objects, oid));
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * `POST /api/models/NAMESPACE/NAME/commit/main`, one JSON object a line.
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function commit(hub, exchange) {
  await requireWritable(hub, exchange);
  const { request, response, repo } = exchange;
  const body = await readBody(request, MAX_COMMIT);
  const lines = body.split('\n').filter((line) => line !== '');
  /** @type {import('./repos.js').Change} */
  const change = { title: '', add: [], remove: [] };
  for (const { key, value } of lines.map((line) => JSON.parse(line))) {
    if (key === 'header') Object.assign(change, { title: value.summary, parentCommit: value.parentCommit });
    else if (key === 'file')
      change.add?.push({ path: value.path, content: Buffer.from(value.content, value.encoding ?? 'utf-8') });
    else if (key === 'lfsFile') change.add?.push({ path: value.path, sha256: value.oid, size: value.size });
    else if (key === 'deletedFile') change.remove?.push(value.path);
    else throw new HubError(400, `Unknown operation ${String(key).slice(0, 40)}`);
  }
  const commitOid = await hub.repos.commit(repo, change);
  const commitUrl = `http://${request.headers.host}/${repo.namespace}/${repo.name}/commit/${commitOid}`;
  sendJson(response, { success: true, commitOid, commitUrl, hookOutput: '' });
}

/**
 * `PUT /api/models/NAMESPACE/NAME/settings`
 * @param {Hub} hub
 * @param {Exchange} exchange
 */
export async function settings(hub, exchange) {
  await requireWritable(hub, exchange);
  const given = JSON.parse(await readBody(exchange.request, MAX_BODY));
  const change = {
    ...(given.private === undefined ? {} : { private: given.private === true }),
    ...(given.visibility === undefined ? {} : { private: given.visibility === 'private' }),
    ...(given.gated === undefined ? {} : { gated: given.gated }),
  };
  await hub.repos.change(exchange.repo, change);
  sendJson(exchange.response, change);
}
