import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  commit,
  createRepo,
  downloadFile,
  fileDownloadInfo,
  HubApiError,
  listFiles,
  modelInfo,
  pathsInfo,
  snapshotDownload,
  uploadFiles,
  whoAmI,
  type ListFileEntry,
} from '@huggingface/hub';
import { describe, expect, it, vi } from 'vitest';
import { ALICE, ALICE_READING, BOB, hubOver, newFolder } from './hub.js';

const REVISION = 'a'.repeat(40);
const REPO = 'miner/model';
const CONFIG = '{"model_type":"llama"}\n';
const WEIGHTS = randomBytes(300_000);

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const gitId = (bytes: Buffer | string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(bytes)}\0`)
    .update(bytes)
    .digest('hex');

const bytesOf = async (blob: Blob | null | undefined): Promise<Buffer> =>
  blob ? Buffer.from(await blob.arrayBuffer()) : Buffer.alloc(0);
const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** A repo as a folder, without anything else beside it. */
function folderOfOne(files: Readonly<Record<string, Buffer | string>>): string {
  const root = newFolder();
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, REPO, REVISION, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return root;
}

const served = (): string => folderOfOne({ 'config.json': CONFIG, 'model.safetensors': WEIGHTS, 'sub/notes.txt': 'x' });

async function listed(params: Parameters<typeof listFiles>[0]): Promise<ListFileEntry[]> {
  const found: ListFileEntry[] = [];
  for await (const file of listFiles(params)) found.push(file);
  return found;
}

// The client tells of every file that it downloads.
vi.spyOn(console, 'debug').mockImplementation(() => undefined);

describe('a folder of repos, by the hub’s own client', () => {
  it('is listed with the ids of git, and large files with their digest', async () => {
    const hubUrl = await hubOver(served());
    const files = await listed({ repo: REPO, revision: REVISION, recursive: true, hubUrl });
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(WEIGHTS)}\nsize 300000\n`;
    expect(files).toEqual([
      { type: 'file', path: 'config.json', size: CONFIG.length, oid: gitId(CONFIG) },
      {
        type: 'file',
        path: 'model.safetensors',
        size: 300_000,
        oid: gitId(pointer),
        lfs: { oid: sha256(WEIGHTS), size: 300_000, pointerSize: pointer.length },
      },
      { type: 'directory', path: 'sub', size: 0, oid: expect.any(String) as string },
      { type: 'file', path: 'sub/notes.txt', size: 1, oid: gitId('x') },
    ]);
    expect((await modelInfo({ name: REPO, hubUrl, additionalFields: ['sha'] })).sha).toBe(REVISION);
    const [weights] = await pathsInfo({ repo: REPO, paths: ['model.safetensors'], hubUrl });
    expect(weights?.lfs?.oid).toBe(sha256(WEIGHTS));
  });

  it('is listed page by page', async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_one, index) => [`file-${100 + index}`, `${index}`]));
    const hubUrl = await hubOver(folderOfOne(many), { pageSize: 10 });
    const files = await listed({ repo: REPO, recursive: true, hubUrl });
    expect(files.map(({ path }) => path)).toEqual(Object.keys(many));
  });

  it('gives files whole and in parts, small and large', async () => {
    const hubUrl = await hubOver(served());
    for (const [path, content] of [
      ['config.json', Buffer.from(CONFIG)],
      ['model.safetensors', WEIGHTS],
    ] as const) {
      const blob = await downloadFile({ repo: REPO, path, hubUrl });
      expect(await bytesOf(blob)).toEqual(content);
      expect(await bytesOf(blob?.slice(5, 15))).toEqual(content.subarray(5, 15));
      expect(await fileDownloadInfo({ repo: REPO, path, hubUrl })).toMatchObject({ size: content.length });
    }
    expect(await fileDownloadInfo({ repo: REPO, path: 'absent', hubUrl })).toBeNull();
    const cacheDir = newFolder();
    const snapshot = await snapshotDownload({ repo: REPO, hubUrl, cacheDir });
    expect(readFileSync(join(snapshot, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
  });

  it('redirects with the headers of the hub, and signs where large files are', async () => {
    const hubUrl = await hubOver(served());
    const large = await fetch(`${hubUrl}/${REPO}/resolve/main/model.safetensors`, {
      method: 'HEAD',
      redirect: 'manual',
    });
    expect(large.status).toBe(302);
    expect(Object.fromEntries(large.headers)).toMatchObject({
      'x-repo-commit': REVISION,
      'x-linked-size': '300000',
      'x-linked-etag': `"${sha256(WEIGHTS)}"`,
      'accept-ranges': 'bytes',
    });
    const location = large.headers.get('location') ?? '';
    expect((await fetch(location, { method: 'HEAD' })).headers.get('content-length')).toBe('300000');
    expect((await fetch(location.replace(/Signature=..../, 'Signature=0000'))).status).toBe(403);
    const small = await fetch(`${hubUrl}/${REPO}/resolve/${REVISION}/config.json`, { redirect: 'manual' });
    expect([small.status, small.headers.get('location')]).toEqual([
      307,
      `/api/resolve-cache/models/${REPO}/${REVISION}/config.json`,
    ]);
  });

  it.each([
    { range: 'bytes=0-0', status: 206, header: 'bytes 0-0/300000', length: 1 },
    { range: 'bytes=299990-', status: 206, header: 'bytes 299990-299999/300000', length: 10 },
    { range: 'bytes=-7', status: 206, header: 'bytes 299993-299999/300000', length: 7 },
    { range: 'bytes=10-999999999', status: 206, header: 'bytes 10-299999/300000', length: 299_990 },
    { range: 'bytes=300000-', status: 416, header: 'bytes */300000', length: 0 },
    { range: 'bytes=0-1,4-5', status: 200, header: null, length: 300_000 },
    { range: 'bytes=0-9', condition: '"another"', status: 200, header: null, length: 300_000 },
    { range: 'bytes=0-9', condition: `"${sha256(WEIGHTS)}"`, status: 206, header: 'bytes 0-9/300000', length: 10 },
  ])('answers $range with If-Range $condition by $status', async ({ range, condition, status, header, length }) => {
    const hubUrl = await hubOver(served());
    const headers = { range, ...(condition === undefined ? {} : { 'if-range': condition }) };
    const answer = await fetch(`${hubUrl}/${REPO}/resolve/main/model.safetensors`, { headers });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, header]);
    expect((await answer.arrayBuffer()).byteLength).toBe(length);
  });

  it('comes no faster than it is told', async () => {
    const hubUrl = await hubOver(served(), { latency: 50, bytesPerSecond: 600_000 });
    const began = performance.now();
    await (await fetch(`${hubUrl}/${REPO}/resolve/main/model.safetensors`)).arrayBuffer();
    expect(performance.now() - began).toBeGreaterThan(500);
  });
});

describe('what can not be had', () => {
  it.each([
    { what: 'a missing repo', url: '/api/models/miner/none', status: 401, code: 'RepoNotFound' },
    {
      what: 'a missing repo, to an account',
      url: '/api/models/miner/none',
      as: BOB,
      status: 404,
      code: 'RepoNotFound',
    },
    {
      what: 'a missing revision',
      url: `/api/models/${REPO}/revision/${'b'.repeat(40)}`,
      status: 404,
      code: 'RevisionNotFound',
    },
    { what: 'a branch', url: `/${REPO}/resolve/dev/config.json`, status: 404, code: 'RevisionNotFound' },
    { what: 'a missing file', url: `/${REPO}/resolve/main/none.json`, status: 404, code: 'EntryNotFound' },
    {
      what: 'a path out of the repo',
      url: `/${REPO}/resolve/main/..%2f..%2fsecret`,
      status: 404,
      code: 'EntryNotFound',
    },
    { what: 'a repo out of the folder', url: '/api/models/..%2f/x', status: 401, code: 'RepoNotFound' },
    { what: 'a token that nobody has', url: `/api/models/${REPO}`, as: { token: 'hf_none' }, status: 401, code: null },
    { what: 'another route', url: '/api/spaces/a/b', status: 404, code: null },
  ])('$what', async ({ url, as, status, code }) => {
    const hubUrl = await hubOver(served());
    const answer = await fetch(`${hubUrl}${url}`, { headers: bearer(as?.token) });
    expect([answer.status, answer.headers.get('x-error-code')]).toEqual([status, code]);
    expect(answer.headers.get('x-error-message')).toBeTruthy();
  });

  it('a private or gated repo, to all but its owner', async () => {
    const hubUrl = await hubOver(newFolder());
    await createRepo({ repo: 'alice/secret', visibility: 'private', accessToken: ALICE.token, hubUrl });
    const put = (settings: object): Promise<Response> =>
      fetch(`${hubUrl}/api/models/alice/secret/settings`, {
        method: 'PUT',
        headers: bearer(ALICE.token),
        body: JSON.stringify(settings),
      });
    const look = async (token?: string): Promise<unknown[]> => {
      const answer = await fetch(`${hubUrl}/alice/secret/resolve/main/.gitattributes`, { headers: bearer(token) });
      return [answer.status, answer.headers.get('x-error-code')];
    };
    expect(await look()).toEqual([401, 'RepoNotFound']);
    expect(await look(BOB.token)).toEqual([404, 'RepoNotFound']);
    expect(await look(ALICE_READING.token)).toEqual([200, null]);
    await put({ visibility: 'public', gated: 'manual' });
    expect(await look()).toEqual([401, 'GatedRepo']);
    expect(await look(BOB.token)).toEqual([403, 'GatedRepo']);
    await put({ gated: false });
    expect(await look()).toEqual([200, null]);
  });
});

describe('writing', () => {
  const files = (content: Readonly<Record<string, Buffer | string>>): { path: string; content: Blob }[] =>
    Object.entries(content).map(([path, bytes]) => ({ path, content: new Blob([new Uint8Array(Buffer.from(bytes))]) }));

  it('keeps what was pushed over a restart: small files, large ones, and those in parts', async () => {
    const root = newFolder();
    const options = { multipartBytes: 65_536 };
    const hubUrl = await hubOver(root, options);
    const access = { repo: 'alice/model', accessToken: ALICE.token, hubUrl, useXet: false };
    await createRepo({ ...access, visibility: 'public' });
    const small = randomBytes(1000);
    const first = await uploadFiles({
      ...access,
      files: files({ 'config.json': CONFIG, 'model.safetensors': WEIGHTS, 'a/small.safetensors': small }),
    });
    const second = await commit({
      ...access,
      title: 'one more, one less',
      operations: [
        { operation: 'addOrUpdate', path: 'README.md', content: new Blob(['hello']) },
        { operation: 'delete', path: 'config.json' },
      ],
    });
    const restarted = await hubOver(root, options);
    const paths = async (revision?: string): Promise<string[]> =>
      (
        await listed({ repo: access.repo, recursive: true, hubUrl: restarted, ...(revision ? { revision } : {}) })
      ).flatMap(({ type, path }) => (type === 'file' ? path : []));
    expect(await paths(first?.commit.oid)).toEqual([
      '.gitattributes',
      'a/small.safetensors',
      'config.json',
      'model.safetensors',
    ]);
    expect(await paths()).toEqual(await paths(second?.commit.oid));
    expect(await paths()).toEqual(['.gitattributes', 'README.md', 'a/small.safetensors', 'model.safetensors']);
    const weights = await downloadFile({ repo: access.repo, path: 'model.safetensors', hubUrl: restarted });
    expect((await bytesOf(weights)).equals(WEIGHTS)).toBe(true);
    expect(await whoAmI({ accessToken: ALICE.token, hubUrl })).toMatchObject({ name: 'alice', type: 'user' });
  });

  it.each([
    { what: 'without a write permission', token: ALICE_READING.token, repo: 'alice/new', status: 403 },
    { what: 'under another name', token: ALICE.token, repo: 'bob/new', status: 403 },
    { what: 'again', token: ALICE.token, repo: 'alice/there', status: 409 },
  ])('creates no repo $what', async ({ token, repo, status }) => {
    const hubUrl = await hubOver(newFolder());
    await createRepo({ repo: 'alice/there', accessToken: ALICE.token, hubUrl });
    const error: unknown = await createRepo({ repo, accessToken: token, hubUrl }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HubApiError);
    expect(error).toMatchObject({ statusCode: status });
  });

  it('refuses an object of other bytes, a commit on another parent, and a repo of somebody else', async () => {
    const hubUrl = await hubOver(newFolder());
    const access = { repo: 'alice/model', accessToken: ALICE.token, hubUrl, useXet: false };
    await createRepo(access);
    const batch = await fetch(`${hubUrl}/alice/model.git/info/lfs/objects/batch`, {
      method: 'POST',
      headers: bearer(ALICE.token),
      body: JSON.stringify({ operation: 'upload', objects: [{ oid: sha256(WEIGHTS), size: 3 }] }),
    });
    const { objects } = (await batch.json()) as { objects: [{ actions: { upload: { href: string } } }] };
    const put = await fetch(objects[0].actions.upload.href, { method: 'PUT', body: 'abc' });
    expect(put.status).toBe(400);
    const change = { ...access, files: files({ 'a.txt': 'a' }) };
    await expect(uploadFiles({ ...change, parentCommit: 'c'.repeat(40) })).rejects.toMatchObject({ statusCode: 412 });
    await expect(uploadFiles({ ...change, accessToken: BOB.token })).rejects.toMatchObject({ statusCode: 403 });
    await expect(uploadFiles({ ...change, accessToken: ALICE_READING.token })).rejects.toMatchObject({
      statusCode: 403,
    });
  });
});
