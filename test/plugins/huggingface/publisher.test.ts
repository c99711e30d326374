import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { commit, listFiles, modelInfo } from '@huggingface/hub';
import type { ModelPublisher, UploadFile, UploadProgress } from '@assay/core/contracts/model-publisher';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-huggingface';
import { describe, expect, it } from 'vitest';
import { hubHandler, type HubOptions } from '../../../examples/hub/server.js';
import { ALICE, ALICE_READING, BOB, listening, newFolder } from '../../examples/hub.js';

const { signal } = new AbortController();
const REPO = { namespace: 'alice', name: 'model' };
const accounts = [ALICE, ALICE_READING, BOB];

type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A hub that answers as `fault` does where that returns true, and honestly else; and a count of its requests. */
async function hub(
  fault: Fault = () => false,
  options: Partial<HubOptions> = {},
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const honest = hubHandler({ root: newFolder(), accounts, ...options });
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (!fault(request, response)) void honest(request, response);
  });
  return { url: await listening(server), asked };
}

async function publisherFor(
  endpoint: string,
  {
    token = ALICE.token,
    slept = [],
    ...options
  }: Record<string, unknown> & { token?: string | null; slept?: number[] } = {},
): Promise<ModelPublisher> {
  const factory = plugin.provides.publisher;
  if (!factory) throw new Error('the plugin provides no publisher');
  const clock = {
    now: () => 0,
    sleep: (ms: number) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  const deps = {
    ...{ clock, dataDir: newFolder(), netuid: 9, modules: [], make: makesNothing, log: () => undefined },
    environment: token === null ? { HOME: newFolder() } : { HF_TOKEN: token },
    resolvePath: (path: string) => path,
  };
  return factory.create(factory.options.parse({ endpoint, ...options }), deps, signal);
}

/** Files on disk, as the command line finds them. */
function filesOf(contents: Readonly<Record<string, Buffer | string>>): UploadFile[] {
  const folder = newFolder();
  return Object.entries(contents).map(([path, content]) => {
    const file = join(folder, path);
    writeFileSync(file, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, size: Buffer.byteLength(content), sha256, file };
  });
}

const WEIGHTS = randomBytes(200_000);
const MODEL = { 'config.json': '{}', 'model.safetensors': WEIGHTS, 'README.md': 'hello' };
const ignore = (): void => undefined;

async function pathsAt(url: string, revision: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path, oid, lfs } of listFiles({
    repo: 'alice/model',
    revision,
    hubUrl: url,
    accessToken: ALICE.token,
  }))
    found[path] = lfs?.oid ?? oid ?? '';
  return found;
}

describe('a publisher on the hub', () => {
  it.each([{ multipartBytes: 1_000_000 }, { multipartBytes: 65_536 }])(
    'makes a private repo, uploads with progress, and opens it: %j',
    async (options) => {
      const { url } = await hub(undefined, options);
      const publisher = await publisherFor(url);
      expect(await publisher.find(REPO, signal)).toBeUndefined();
      await publisher.create(REPO, 'private', signal);
      expect(await publisher.find(REPO, signal)).toEqual({ visibility: 'private' });
      const progress: UploadProgress[] = [];
      const reference = await publisher.upload(REPO, filesOf(MODEL), (one) => progress.push(one), signal);
      expect(progress.at(-1)).toEqual({ path: 'model.safetensors', done: 200_000, total: 200_007 });
      expect((await pathsAt(url, reference.revision))['model.safetensors']).toBe(
        createHash('sha256').update(WEIGHTS).digest('hex'),
      );
      await expect(modelInfo({ name: 'alice/model', hubUrl: url })).rejects.toMatchObject({ statusCode: 401 });
      await publisher.setVisibility(REPO, 'public', signal);
      expect(await publisher.find(REPO, signal)).toEqual({ visibility: 'public' });
      await modelInfo({ name: 'alice/model', hubUrl: url });
    },
  );

  it('sends nothing that is there already, and removes what could be taken for the model', async () => {
    const { url, asked } = await hub();
    const publisher = await publisherFor(url);
    await publisher.create(REPO, 'public', signal);
    const first = await publisher.upload(REPO, filesOf(MODEL), ignore, signal);
    await commit({
      ...{ repo: 'alice/model', hubUrl: url, accessToken: ALICE.token, useXet: false, title: 'by hand' },
      operations: ['LICENSE', 'tokenizer.json'].map((path) => ({
        ...({ operation: 'addOrUpdate', path } as const),
        content: new Blob(['by hand']),
      })),
    });
    const before = asked.length;
    const second = await publisher.upload(REPO, filesOf(MODEL), ignore, signal);
    expect(asked.slice(before).filter((one) => one.startsWith('PUT'))).toEqual([]);
    expect(Object.keys(await pathsAt(url, second.revision)).sort()).toEqual([
      '.gitattributes',
      'LICENSE',
      'README.md',
      'config.json',
      'model.safetensors',
    ]);
    expect(second.revision).not.toBe(first.revision);
    const commits = asked.filter((one) => one.includes('/commit/')).length;
    expect(await publisher.upload(REPO, filesOf(MODEL), ignore, signal)).toEqual(second);
    expect(asked.filter((one) => one.includes('/commit/'))).toHaveLength(commits);
  });

  /** Answers the first requests of a kind badly. */
  const firstTimes = (times: number, kind: RegExp, bad: (response: ServerResponse) => void): Fault => {
    let left = times;
    return (request, response) => {
      if (left === 0 || !kind.test(`${request.method} ${request.url}`)) return false;
      left -= 1;
      request.resume();
      bad(response);
      return true;
    };
  };
  const status =
    (code: number) =>
    (response: ServerResponse): void => {
      response.writeHead(code);
      response.end('trouble');
    };
  const reset = (response: ServerResponse): void => {
    response.destroy();
  };

  it.each<[string, Fault]>([
    ['status 500 for an object', firstTimes(2, /^PUT \/lfs/, status(500))],
    ['a reset in the middle of an object', firstTimes(2, /^PUT \/lfs/, reset)],
    ['status 429 for the batch', firstTimes(2, /objects\/batch/, status(429))],
    ['a reset of the commit', firstTimes(2, /\/commit\//, reset)],
    ['status 503 for the listing', firstTimes(2, /\/tree\//, status(503))],
    ['silence', firstTimes(1, /preupload/, () => undefined)],
  ])('gets over %s', async (_what, fault) => {
    const { url } = await hub(fault);
    const publisher = await publisherFor(url, { timeoutMs: 300 });
    await publisher.create(REPO, 'public', signal);
    const { revision } = await publisher.upload(REPO, filesOf(MODEL), ignore, signal);
    expect(Object.keys(await pathsAt(url, revision))).toContain('model.safetensors');
  });

  it('commits once though the answer was lost', async () => {
    const lost: string[] = [];
    const honest = hubHandler({ root: newFolder(), accounts });
    const server = createServer((request, response) => {
      if (/\/commit\//.test(request.url ?? '')) {
        lost.push('commit');
        // The hub has done it when it answers; the answer does not arrive.
        response.end = (() => response.destroy()) as typeof response.end;
      }
      void honest(request, response);
    });
    const publisher = await publisherFor(await listening(server));
    await publisher.create(REPO, 'public', signal);
    await publisher.upload(REPO, filesOf(MODEL), ignore, signal);
    expect(lost).toHaveLength(1);
  });

  it('gives up after so many tries, and blames the network', async () => {
    const { url, asked } = await hub((request, response) => {
      if (!/preupload/.test(request.url ?? '')) return false;
      status(500)(response);
      return true;
    });
    const publisher = await publisherFor(url, { tries: 3 });
    await publisher.create(REPO, 'public', signal);
    await expect(publisher.upload(REPO, filesOf(MODEL), ignore, signal)).rejects.toMatchObject({
      code: 'HUB_UNREACHABLE',
      fault: 'network',
      payload: { tries: 3 },
    });
    expect(asked.filter((one) => one.includes('preupload'))).toHaveLength(3);
  });

  it.each([
    { what: 'no token', token: null, code: 'HUB_TOKEN_MISSING' },
    { what: 'a token of another shape', token: 'secret', code: 'HUB_TOKEN_REFUSED' },
    { what: 'a token that nobody has', token: 'hf_nobody', code: 'HUB_TOKEN_REFUSED' },
    { what: 'a token that only reads', token: ALICE_READING.token, code: 'HUB_WRITE_REFUSED' },
    { what: 'the token of somebody else', token: BOB.token, code: 'HUB_REPO_FOREIGN' },
  ])('refuses $what as a fault of the config, before anything is made', async ({ token, code }) => {
    const { url, asked } = await hub();
    const found = publisherFor(url, { token }).then((publisher) => publisher.find(REPO, signal));
    await expect(found).rejects.toMatchObject({ code, fault: 'config' });
    expect(asked.filter((one) => !one.startsWith('GET'))).toEqual([]);
  });

  it('tells a refusal by the hub from trouble with it, and shows no token', async () => {
    const { url } = await hub((request, response) => {
      if (!/commit/.test(request.url ?? '')) return false;
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: `storage limit of ${ALICE.token} reached` }));
      return true;
    });
    const publisher = await publisherFor(url);
    await publisher.create(REPO, 'public', signal);
    const error: unknown = await publisher
      .upload(REPO, filesOf(MODEL), ignore, signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'HUB_WRITE_REFUSED', fault: 'config' });
    expect(JSON.stringify((error as { toReport(): unknown }).toReport())).not.toContain(ALICE.token);
  });

  it('notices that a repo did not become public', async () => {
    const { url } = await hub((request, response) => {
      if (request.method !== 'PUT' || !request.url?.endsWith('/settings')) return false;
      request.resume();
      status(200)(response);
      return true;
    });
    const publisher = await publisherFor(url);
    await publisher.create(REPO, 'private', signal);
    await expect(publisher.setVisibility(REPO, 'public', signal)).rejects.toMatchObject({ code: 'HUB_REFUSED' });
  });

  it('waits as long as the hub asks for', async () => {
    const { url } = await hub(
      firstTimes(1, /preupload/, (response) => {
        response.writeHead(429, { 'retry-after': '77' });
        response.end();
      }),
    );
    const slept: number[] = [];
    const publisher = await publisherFor(url, { slept });
    await publisher.create(REPO, 'public', signal);
    await publisher.upload(REPO, filesOf(MODEL), ignore, signal);
    expect(slept).toEqual([77_000]);
  });

  it('ends with its signal', async () => {
    const abort = new AbortController();
    const { url } = await hub((request) => {
      if (!/\/lfs\//.test(request.url ?? '')) return false;
      abort.abort();
      return true;
    });
    const publisher = await publisherFor(url);
    await publisher.create(REPO, 'public', signal);
    await expect(publisher.upload(REPO, filesOf(MODEL), ignore, abort.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
