import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelReference, RepoFile } from '@assay/core/contracts/model';
import type { ModelSource } from '@assay/core/contracts/model-store';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import huggingFace from '@assay/plugin-huggingface';
import { pointerOf, type Behaviour } from '../../hostile-body.js';
import { HostileHub, type HubOptions, type HubRepo } from '../../hostile-hub.js';
import { errorOf } from '../../error-of.js';

const never = new AbortController().signal;
const silent = (): void => undefined;
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const reference: ModelReference = { namespace: 'miner', name: 'llama', revision: REVISION };
const CONFIG = Buffer.from('{"model_type":"llama"}');
const WEIGHTS = Buffer.from(Array.from({ length: 3 << 20 }, (_none, at) => (at * 31) % 251));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const gitOid = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

async function hubWith(repo: Partial<HubRepo> = {}, options: HubOptions = {}): Promise<HostileHub> {
  const files = { 'config.json': CONFIG, 'model.safetensors': WEIGHTS };
  const hub = await HostileHub.start({ 'miner/llama': { revision: REVISION, files, ...repo } }, options);
  onTestFinished(async () => hub.close());
  return hub;
}

const { store: provided } = huggingFace.provides;
if (!provided) throw new Error('huggingface provides a store');
const store = provided;

function depsWith(environment: PluginDeps['environment'], log: PluginDeps['log'] = silent): PluginDeps {
  return {
    clock: systemClock,
    dataDir: tmpdir(),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: { HF_HOME: '/nonexistent', ...environment },
    log,
    resolvePath: (path) => path,
  };
}

const optionsFor = (hub: Pick<HostileHub, 'url'>): unknown =>
  store.options.parse({ endpoint: hub.url, timeoutMs: 2_000 });

async function sourceOf(
  hub: Pick<HostileHub, 'url'>,
  environment: PluginDeps['environment'] = {},
  log?: PluginDeps['log'],
): Promise<ModelSource> {
  const source = await store.create(optionsFor(hub), depsWith(environment, log), never);
  onTestFinished(async () => source.close?.());
  return source;
}

const checkOf = async (hub: Pick<HostileHub, 'url'>, environment: PluginDeps['environment'] = {}): Promise<void> =>
  store.check?.(optionsFor(hub), depsWith(environment), never);

async function bytesOf(
  source: ModelSource,
  file: RepoFile,
  range = { start: 0, end: file.size },
): Promise<{ start: number; version: string | undefined; bytes: Buffer }> {
  const { start, version, bytes } = await source.open(reference, file, range, never);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return { start, version, bytes: Buffer.concat(chunks) };
}

const weights: RepoFile = { path: 'model.safetensors', size: WEIGHTS.length, sha256: sha256(WEIGHTS) };

describe('models of the hub', () => {
  it('are listed with sizes and digests, and read in parts', async () => {
    const hub = await hubWith();
    const source = await sourceOf(hub);
    expect(source.sources).toEqual(['hf']);
    expect(await source.list(reference, never)).toEqual({
      files: [{ path: 'config.json', size: CONFIG.length, gitOid: gitOid(CONFIG) }, weights],
      totalBytes: CONFIG.length + WEIGHTS.length,
    });
    const part = await bytesOf(source, weights, { start: 1_000, end: 2_000_000 });
    expect([part.start, part.version]).toEqual([1_000, weights.sha256]);
    expect(part.bytes.equals(WEIGHTS.subarray(1_000, 2_000_000))).toBe(true);
    const config = await bytesOf(source, { path: 'config.json', size: CONFIG.length });
    expect(config).toEqual({ start: 0, version: gitOid(CONFIG), bytes: CONFIG });
  });

  it('go through the keeper', async () => {
    const hub = await hubWith();
    const directory = mkdtempSync(join(tmpdir(), 'assay-hub-'));
    onTestFinished(() => {
      rmSync(directory, { recursive: true, force: true });
    });
    const keeper = await ModelKeeper.open({ directory }, { source: await sourceOf(hub), clock: systemClock });
    const { files } = await keeper.list(reference, never);
    const stored = await keeper.fetch(reference, files, silent, never);
    expect(stored.files.map(({ path, sha256: digest }) => [path, digest])).toEqual([
      ['config.json', sha256(CONFIG)],
      ['model.safetensors', weights.sha256],
    ]);
  });

  it('are listed over many pages, whatever host the links name', async () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_none, at) => [`part-${at}`, Buffer.from(`${at}`)]));
    const hub = await hubWith({ files, pageSize: 10 });
    const mirror = await HostileHub.start(
      {},
      {
        instead: (request, response) => {
          void fetch(new URL(request.url ?? '', hub.url)).then(async (answer) => {
            const link = answer.headers.get('link')?.replace(hub.url, 'https://huggingface.example');
            response.writeHead(answer.status, link ? { link } : {}).end(await answer.text());
          });
          return true;
        },
      },
    );
    onTestFinished(async () => mirror.close());
    const { files: listed } = await (await sourceOf(mirror)).list(reference, never);
    expect(listed.map(({ path }) => path)).toEqual(Object.keys(files));
  });

  it('have names that an address must not change', async () => {
    const names = ['a b/c%2e.json', 'ü/#?&=+', '%2e%2e/x', 'quote\'"<>', '…', '-', '日本'];
    const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const hub = await hubWith({ files });
    const source = await sourceOf(hub);
    const listed = await source.list(reference, never);
    for (const file of listed.files) expect((await bytesOf(source, file)).bytes.toString()).toBe(file.path);
    const asked = hub.requests.length;
    for (const path of ['../x', 'a/../../x', '/x', 'x/', 'a//b', './x', '', '..', '\ud800'])
      expect((await errorOf(source.open(reference, { path, size: 1 }, { start: 0, end: 1 }, never))).code).toBe(
        'FILE_NAME_REFUSED',
      );
    expect(hub.requests.length).toBe(asked);
  });

  it('are asked for below their repo only, whatever a path is', async () => {
    const hub = await hubWith();
    const source = await sourceOf(hub);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (path) => {
        const before = hub.requests.length;
        await source.open(reference, { path, size: 1 }, { start: 0, end: 1 }, never).catch((error: unknown) => {
          if (!isAssayError(error)) throw error;
        });
        for (const request of hub.requests.slice(before))
          expect(request.path.startsWith(`/miner/llama/resolve/${REVISION}/`)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [{ namespace: 'miner/..', name: 'llama', revision: REVISION }, 'REPO_NOT_FOUND'],
    [{ namespace: '..', name: 'llama', revision: REVISION }, 'REPO_NOT_FOUND'],
    [{ namespace: 'miner', name: 'llama?x', revision: REVISION }, 'REPO_NOT_FOUND'],
    [{ namespace: 'miner', name: '', revision: REVISION }, 'REPO_NOT_FOUND'],
    [{ namespace: 'miner', name: 'llama', revision: 'main' }, 'REVISION_NOT_FOUND'],
    [{ namespace: 'miner', name: 'llama', revision: `${REVISION}/..` }, 'REVISION_NOT_FOUND'],
  ])('of which there can be none are not asked for: %j', async (wrong, code) => {
    const hub = await hubWith();
    const source = await sourceOf(hub);
    expect(await errorOf(source.list(wrong, never))).toMatchObject({ code, fault: 'miner', retry: 'grace' });
    expect(hub.requests).toEqual([]);
  });
});

describe('who is to blame', () => {
  const html = (code: number): HubOptions => ({
    instead: (_request, response) => {
      response.writeHead(code, { 'content-type': 'text/html' }).end('<h1>Log in to the hotel</h1>');
      return true;
    },
  });

  it.each([
    ['no such revision', { revision: 'f'.repeat(40) }, 'REVISION_NOT_FOUND'],
    ['a private repo', { access: { private: true } }, 'REPO_NOT_FOUND'],
    ['a gated repo', { access: { gated: 'auto' as const } }, 'REPO_NOT_PUBLIC'],
    ['a disabled repo', { access: { disabled: true } }, 'REPO_NOT_PUBLIC'],
  ])('%s is the miner’s, with and without a token that could read it', async (_name, repo, code) => {
    const hub = await hubWith({ ...repo, readers: ['hf_reader'] }, { tokens: ['hf_reader'] });
    for (const environment of [{}, { HF_TOKEN: 'hf_reader' }]) {
      const error = await errorOf((await sourceOf(hub, environment)).list(reference, never));
      expect(error).toMatchObject({ code, fault: 'miner', retry: 'grace' });
    }
  });

  it('a repo that does not exist is the miner’s, and may be private', async () => {
    const hub = await hubWith();
    const error = await errorOf((await sourceOf(hub)).list({ ...reference, name: 'other' }, never));
    expect(error).toMatchObject({ code: 'REPO_NOT_FOUND', fault: 'miner', retry: 'grace' });
    expect(error.message).toContain('private');
  });

  it.each<[number, string, string]>([
    [404, 'Repository not found', 'REPO_NOT_FOUND'],
    [401, 'Invalid username or password.', 'REPO_NOT_FOUND'],
    [404, 'Invalid rev id: x', 'REVISION_NOT_FOUND'],
    [404, 'Entry not found', 'FILE_NOT_FOUND'],
    [403, 'Access to model miner/llama is restricted', 'REPO_NOT_PUBLIC'],
    [401, 'Access to model miner/llama is restricted', 'REPO_NOT_PUBLIC'],
    [403, 'Access to this resource is disabled.', 'REPO_NOT_PUBLIC'],
    [404, 'no route: entry not found', 'SOURCE_ANSWER_INVALID'],
    [403, 'Forbidden', 'SOURCE_ANSWER_INVALID'],
    [404, 'Not Found', 'SOURCE_ANSWER_INVALID'],
  ])('status %i and the words %j mean %s where there is no code', async (status, error, code) => {
    const hub = await hubWith(
      {},
      {
        instead: (_request, response) => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
          return true;
        },
      },
    );
    const source = await sourceOf(hub);
    for (const refused of [await errorOf(source.list(reference, never)), await errorOf(bytesOf(source, weights))])
      expect(refused.code).toBe(code);
  });

  it('a mirror without descriptions of models is read without the token', async () => {
    const hub = await hubWith(
      { access: { gated: 'auto' }, readers: ['hf_reader'] },
      {
        tokens: ['hf_reader'],
        instead: (request, response) => {
          if (request.url?.includes('/revision/') !== true) return false;
          response.writeHead(404).end('Cannot GET');
          return true;
        },
      },
    );
    const source = await sourceOf(hub, { HF_TOKEN: 'hf_reader' });
    expect((await source.list(reference, never)).files.length).toBe(2);
    expect((await errorOf(bytesOf(source, weights))).code).toBe('REPO_NOT_PUBLIC');
    expect(hub.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it('a file that has gone, or that asks for an agreement since, is the miner’s', async () => {
    const hub = await hubWith();
    const source = await sourceOf(hub);
    const gone = { path: 'gone', size: 9 };
    expect(await errorOf(bytesOf(source, gone))).toMatchObject({ code: 'FILE_NOT_FOUND', retry: 'grace' });
    hub.repos.set('miner/llama', { revision: REVISION, files: {}, access: { gated: 'manual' } });
    expect(await errorOf(bytesOf(source, gone))).toMatchObject({ code: 'REPO_NOT_PUBLIC', retry: 'grace' });
  });

  it.each([401, 403, 404, 410, 200, 418])('a login page of status %i is the network’s', async (code) => {
    const hub = await hubWith({}, html(code));
    const source = await sourceOf(hub);
    const error = await errorOf(source.list(reference, never));
    expect(error).toMatchObject({ code: 'SOURCE_ANSWER_INVALID', fault: 'network', retry: 'backoff' });
    expect(await errorOf(bytesOf(source, weights))).toMatchObject({ fault: 'network', retry: 'backoff' });
  });

  it.each([408, 429, 500, 502, 503, 504])('status %i is the network’s', async (code) => {
    const hub = await hubWith({}, html(code));
    expect(await errorOf((await sourceOf(hub)).list(reference, never))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      fault: 'network',
    });
  });

  it('a hub that is not there is the network’s, in lists, files and the check of a start', async () => {
    const dead = { url: 'http://127.0.0.1:1' };
    const source = await sourceOf(dead);
    for (const work of [source.list(reference, never), bytesOf(source, weights), checkOf(dead)])
      expect(await errorOf(work)).toMatchObject({ code: 'SOURCE_UNREACHABLE', fault: 'network', retry: 'backoff' });
  });

  it('a refusal of the place where files lie is the network’s where the hub’s code is not in it', async () => {
    const coded: Behaviour = { status: { code: 403, headers: { 'x-error-code': 'GatedRepo' } } };
    const bare: Behaviour = { status: { code: 403, body: '<Error>AccessDenied</Error>' } };
    const refusing = async (behaviour: Behaviour): Promise<AssayError> => {
      const hub = await hubWith({ files: { 'model.safetensors': { content: WEIGHTS, behaviour } } });
      return errorOf(bytesOf(await sourceOf(hub), weights));
    };
    expect(await refusing(coded)).toMatchObject({ code: 'REPO_NOT_PUBLIC', fault: 'miner' });
    expect(await refusing(bare)).toMatchObject({ code: 'SOURCE_ANSWER_INVALID', fault: 'network' });
  });
});

describe('the token', () => {
  it.each([
    ['HF_TOKEN', { HF_TOKEN: 'hf_validator' }],
    ['HUGGING_FACE_HUB_TOKEN', { HUGGING_FACE_HUB_TOKEN: 'hf_validator' }],
    ['HF_ACCESS_TOKEN', { HF_ACCESS_TOKEN: 'hf_validator', HF_TOKEN: 'hf_other_one' }],
  ])('of %s is sent, but not to ask whether everybody can read', async (_name, environment) => {
    const hub = await hubWith({}, { tokens: ['hf_validator'] });
    const source = await sourceOf(hub, environment);
    await source.list(reference, never);
    await bytesOf(source, weights);
    const sent = hub.requests.map(({ path, headers }) => [
      path.split('/').slice(0, 6).join('/'),
      headers.authorization,
    ]);
    expect(sent[0]).toEqual(['/api/models/miner/llama/revision', undefined]);
    expect(sent.slice(1).map(([, authorization]) => authorization)).toEqual(
      sent.slice(1).map(() => 'Bearer hf_validator'),
    );
  });

  it('stands in the file of the hub’s own tools', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-token-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    await writeFile(join(folder, 'token'), 'hf_validator\n');
    const hub = await hubWith({}, { tokens: ['hf_validator'] });
    await expect(checkOf(hub, { HF_HOME: folder })).resolves.toBeUndefined();
    expect(hub.requests[0]?.headers.authorization).toBe('Bearer hf_validator');
  });

  it('ends the start where the hub refuses it, and is never shown', async () => {
    const hub = await hubWith();
    const error = await errorOf(checkOf(hub, { HF_TOKEN: 'hf_too_old_to_work' }));
    expect(error).toMatchObject({ code: 'SOURCE_TOKEN_REFUSED', fault: 'validator' });
    expect(JSON.stringify([error.message, error.payload])).not.toContain('too_old');
    const broken = await errorOf(checkOf(hub, { HF_TOKEN: 'hf_two words' }));
    expect(broken.code).toBe('SOURCE_TOKEN_REFUSED');
    await expect(checkOf(hub)).resolves.toBeUndefined();
  });

  it('that is refused later blames nobody: models are read without it', async () => {
    const hub = await hubWith();
    const logged: unknown[] = [];
    const source = await sourceOf(hub, { HF_TOKEN: 'hf_too_old_to_work' }, (level, message, context) =>
      logged.push([level, message, context?.['reason']]),
    );
    expect((await source.list(reference, never)).files.length).toBe(2);
    await bytesOf(source, weights);
    expect(logged).toEqual([['warn', expect.stringContaining('without the token'), 'the hub refuses it']]);
    const sent = hub.requests.filter(({ headers }) => headers.authorization !== undefined);
    expect(sent.length).toBe(1);
    expect(await errorOf(source.list({ ...reference, name: 'other' }, never))).toMatchObject({
      code: 'REPO_NOT_FOUND',
    });
  });

  it('is not sent where a file is redirected to', async () => {
    const elsewhere = await hubWith();
    const files = { 'model.safetensors': { content: WEIGHTS, behaviour: { redirect: `${elsewhere.url}/x` } } };
    const hub = await hubWith({ files }, { tokens: ['hf_validator'] });
    const error = await errorOf(bytesOf(await sourceOf(hub, { HF_TOKEN: 'hf_validator' }), weights));
    expect(error).toMatchObject({ code: 'REDIRECT_REFUSED', fault: 'network' });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('a list that can’t be right', () => {
  const entry = { type: 'file', path: 'x', size: 1, oid: 'a'.repeat(40) };
  it.each<[string, unknown]>([
    ['no list', { files: [] }],
    ['null', null],
    ['a list of texts', ['x']],
    ['a negative size', [{ ...entry, size: -1 }]],
    ['a fraction of a byte', [{ ...entry, size: 1.5 }]],
    ['more than can be counted', [{ ...entry, size: 2 ** 53 }]],
    ['a size as text', [{ ...entry, size: '1' }]],
    ['no size', [{ ...entry, size: undefined }]],
    ['a sum that can’t be counted', [entry, { ...entry, path: 'y', size: Number.MAX_SAFE_INTEGER }]],
    ['an id that is none', [{ ...entry, oid: '../../etc' }]],
    ['a digest that is none', [{ ...entry, lfs: { oid: 'A'.repeat(64), size: 1, pointerSize: 1 } }]],
    ['two sizes', [{ ...entry, lfs: { oid: 'a'.repeat(64), size: 2, pointerSize: 1 } }]],
    ['a path twice', [entry, entry]],
    ['an empty path', [{ ...entry, path: '' }]],
    ['a path that is no text', [{ ...entry, path: ['x'] }]],
  ])('%s is the network’s fault', async (_name, answer) => {
    const hub = await hubWith({ list: () => answer });
    expect(await errorOf((await sourceOf(hub)).list(reference, never))).toMatchObject({
      code: 'SOURCE_ANSWER_INVALID',
      fault: 'network',
      retry: 'backoff',
    });
  });

  it('is a list or an error with a code, whatever it says', async () => {
    const maybe = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 8, arbitrary: right }, fc.jsonValue({ maxDepth: 1 }));
    const hex = (length: number): fc.Arbitrary<string> =>
      fc
        .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
        .map((digits) => digits.map((digit) => digit.toString(16)).join(''));
    const size = maybe(fc.maxSafeNat());
    const anyEntry = fc.record(
      {
        type: maybe(fc.constantFrom('file', 'directory')),
        path: maybe(fc.string()),
        size,
        oid: maybe(hex(40)),
        lfs: maybe(fc.record({ oid: maybe(hex(64)), size, pointerSize: size })),
      },
      { requiredKeys: ['type', 'path', 'size'] },
    );
    let answer: unknown;
    const hub = await hubWith({ list: () => answer });
    const source = await sourceOf(hub);
    let lists = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: fc.array(anyEntry, { maxLength: 3 }) }, fc.jsonValue()),
        async (given) => {
          answer = given;
          const listing = await source.list(reference, never).catch((error: unknown) => {
            if (!isAssayError(error) || error.fault !== 'network') throw error;
            return undefined;
          });
          if (!listing) return;
          lists += listing.files.length;
          expect(new Set(listing.files.map(({ path }) => path)).size).toBe(listing.files.length);
          for (const file of listing.files) {
            expect(Number.isSafeInteger(file.size) && file.size >= 0).toBe(true);
            expect(file.sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
            expect(file.gitOid ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(lists).toBeGreaterThan(0);
  });

  it('deeper than anything needs is refused before it is read', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const hub = await hubWith(
      {},
      {
        instead: (request, response) => {
          if (request.url?.includes('/tree/') !== true) return false;
          response.end(deep);
          return true;
        },
      },
    );
    expect((await errorOf((await sourceOf(hub)).list(reference, never))).code).toBe('SOURCE_ANSWER_INVALID');
  });

  it.each([
    ['circle', 'SOURCE_ANSWER_INVALID', 3],
    ['empty', 'SOURCE_ANSWER_INVALID', 2],
    ['endless', 'TOO_MANY_FILES', 25],
  ] as const)('with pages that have no end (%s) ends with %s', async (pages, code, most) => {
    const hub = await hubWith({ pages });
    expect((await errorOf((await sourceOf(hub)).list(reference, never))).code).toBe(code);
    expect(hub.requests.length).toBeLessThanOrEqual(most);
  });

  it('may have ten thousand files, and not one more', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_001 }, (_none, at) => [`f${at}`, Buffer.from('x')]));
    const hub = await hubWith({ files });
    const source = await sourceOf(hub);
    expect(await errorOf(source.list(reference, never))).toMatchObject({ code: 'TOO_MANY_FILES', fault: 'miner' });
    delete files['f7'];
    expect((await source.list(reference, never)).files.length).toBe(10_000);
  });

  it('with a name of five kilobytes is the miner’s', async () => {
    const hub = await hubWith({ files: { ['x'.repeat(5_000)]: CONFIG } });
    const error = await errorOf((await sourceOf(hub)).list(reference, never));
    expect(error).toMatchObject({ code: 'FILE_NAME_REFUSED', fault: 'miner' });
    expect(error.message.length).toBeLessThan(500);
  });

  it('leaves out what is no file', async () => {
    const hub = await hubWith({
      list: () => [
        { ...entry, type: 'directory', size: 0 },
        { ...entry, path: 'sub', type: 'unknown' },
        { ...entry, path: 'x/y' },
      ],
    });
    const { files } = await (await sourceOf(hub)).list(reference, never);
    expect(files).toEqual([{ path: 'x/y', size: 1, gitOid: 'a'.repeat(40) }]);
  });
});

describe('content that can’t be right', () => {
  const cases: [name: string, code: string, behaviour: Behaviour][] = [
    ['a cut', 'SOURCE_UNREACHABLE', { cutAt: 100_000 }],
    ['a silence', 'SOURCE_UNREACHABLE', { silentAt: 100_000 }],
    ['a byte now and then', 'SOURCE_UNREACHABLE', { slow: { bytes: 10, everyMs: 100 } }],
    ['another range', 'SOURCE_ANSWER_INVALID', { otherRange: (start, end) => ({ start: start + 1, end: end + 1 }) }],
    ['another size', 'SOURCE_ANSWER_INVALID', { otherRange: (start, end) => ({ start, end, total: 5 }) }],
    ['a gzip body', 'SOURCE_ANSWER_INVALID', { gzip: true }],
    ['a pointer', 'SOURCE_ANSWER_INVALID', { content: pointerOf(sha256(WEIGHTS), WEIGHTS.length) }],
    ['too many bytes', 'SOURCE_ANSWER_INVALID', { extraBytes: 5 }],
    ['too few bytes', 'SOURCE_UNREACHABLE', { missingBytes: 5 }],
    ['throttling', 'SOURCE_UNREACHABLE', { status: { code: 429, retryAfter: '2' } }],
  ];
  it.each(cases)('%s: %s', async (_name, code, behaviour) => {
    const hub = await hubWith({ files: { 'model.safetensors': { content: WEIGHTS, behaviour } } });
    const error = await errorOf(bytesOf(await sourceOf(hub), weights, { start: 1_000, end: 2_000_000 }));
    expect(error).toMatchObject({ code, fault: 'network', retry: 'backoff' });
  });

  it('comes whole where the hub knows no ranges, and says so', async () => {
    const files = { 'model.safetensors': { content: WEIGHTS, behaviour: { wholeToRange: true } } };
    const part = await bytesOf(await sourceOf(await hubWith({ files })), weights, { start: 1_000, end: 2_000 });
    expect([part.start, part.bytes.length]).toEqual([0, WEIGHTS.length]);
  });

  it('has a version, by which a change midway is seen', async () => {
    const behaviour: Behaviour = { etag: (nth) => (nth === 2 ? 'W/"weak"' : `"v${nth}"`) };
    const files = { 'model.safetensors': { content: WEIGHTS, lfs: false, behaviour } };
    const source = await sourceOf(await hubWith({ files }));
    const versions = [];
    for (let nth = 0; nth < 3; nth += 1) versions.push((await bytesOf(source, weights, { start: 1, end: 9 })).version);
    expect(versions).toEqual(['v0', 'v1', undefined]);
  });

  it('of another size or digest than listed is seen before a byte has come', async () => {
    const other = { ...weights, sha256: 'e'.repeat(64) };
    const source = await sourceOf(await hubWith());
    expect((await errorOf(bytesOf(source, other))).code).toBe('FILE_CONTENT_DIFFERS');
    expect((await errorOf(bytesOf(source, { ...weights, size: 7 }))).code).toBe('SOURCE_ANSWER_INVALID');
    // The connections of the refused answers are given back.
    for (let count = 0; count < 20; count += 1) await errorOf(bytesOf(source, other));
    expect((await bytesOf(source, weights)).bytes.length).toBe(WEIGHTS.length);
  });
});
