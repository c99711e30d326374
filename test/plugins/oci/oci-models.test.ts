import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelReference, RepoFile } from '@assay/core/contracts/model';
import type { ModelSource } from '@assay/core/contracts/model-store';
import { isAssayError } from '@assay/core/errors/assay-error';
import { withoutSecrets } from '@assay/core/errors/secrets';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import oci from '@assay/plugin-oci';
import {
  debianRegistry,
  hasRegistryTools,
  LoopbackRegistry,
  manifestOf,
  sha256,
  type Layer,
} from './loopback-registry.js';
import { errorOf } from '../../error-of.js';

const never = new AbortController().signal;
const silent = (): void => undefined;
const CONFIG = Buffer.from('{"model_type":"llama"}');
const WEIGHTS = Buffer.from(Array.from({ length: 300_000 }, (_none, at) => (at * 31) % 251));
const LAYERS: readonly Layer[] = [
  { title: 'config.json', content: CONFIG },
  { title: 'model.safetensors', content: WEIGHTS },
];
const FILES: readonly RepoFile[] = [
  { path: 'config.json', size: CONFIG.length, sha256: sha256(CONFIG) },
  { path: 'model.safetensors', size: WEIGHTS.length, sha256: sha256(WEIGHTS) },
];
const LOGIN = 'validator:correct-horse-battery';

const { store: provided } = oci.provides;
if (!provided) throw new Error('oci provides a store');
const store = provided;

const depsWith = (environment: PluginDeps['environment']): PluginDeps => ({
  clock: systemClock,
  dataDir: tmpdir(),
  netuid: 9,
  modules: [],
  make: makesNothing,
  environment: { HOME: '/nonexistent', ...environment },
  log: silent,
  resolvePath: (path) => path,
});

const loginsOf = (host: string, login = LOGIN): { DOCKER_AUTH_CONFIG: string } => ({
  DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } } }),
});

async function sourceOf(
  hosts: readonly string[],
  environment: PluginDeps['environment'] = {},
  options: Record<string, unknown> = {},
): Promise<ModelSource> {
  const chosen: unknown = store.options.parse({ registries: hosts, timeoutMs: 2_000, ...options });
  const source = await store.create(chosen, depsWith(environment), never);
  onTestFinished(async () => source.close?.());
  return source;
}

type Options = Parameters<typeof LoopbackRegistry.start>[0];

async function registryWith(
  options: Options = {},
  manifest = manifestOf(LAYERS),
): Promise<{ registry: LoopbackRegistry; reference: ModelReference }> {
  const registry = await LoopbackRegistry.start(options);
  onTestFinished(async () => registry.close());
  const revision = registry.put('team/llama', manifest);
  for (const { content } of LAYERS) registry.putBlob('team/llama', content);
  return { registry, reference: { source: 'oci', namespace: `${registry.host}/team`, name: 'llama', revision } };
}

async function bytesOf(
  source: ModelSource,
  reference: ModelReference,
  file: RepoFile,
  start = 0,
  end = file.size,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await source.open(reference, file, { start, end }, never)).bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function keptBy(source: ModelSource, reference: ModelReference): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'assay-oci-'));
  const keeper = await ModelKeeper.open({ directory }, { source, clock: systemClock });
  onTestFinished(async () => {
    await keeper.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const { files } = await keeper.list(reference, never);
  const { files: stored } = await keeper.fetch(reference, files, silent, never);
  expect(await keeper.stored(reference)).toMatchObject({ reference });
  return stored.map(({ path, sha256: digest }) => `${path} ${digest}`);
}

const KEPT = FILES.map(({ path, sha256: digest }) => `${path} ${digest ?? ''}`);

describe.skipIf(!hasRegistryTools)('models of Debian’s registry (skipped without docker-registry and skopeo)', () => {
  it('are listed, read in parts and kept, without a token and with one', async () => {
    const { host, digest, close } = await debianRegistry('team/llama', LAYERS);
    onTestFinished(close);
    const front = await LoopbackRegistry.start({ tokens: {}, upstream: `http://${host}` });
    onTestFinished(async () => front.close());
    for (const registry of [host, front.host]) {
      const source = await sourceOf([registry]);
      const reference = { source: 'oci', namespace: `${registry}/team`, name: 'llama', revision: digest };
      expect(await source.list(reference, never)).toEqual({
        files: FILES,
        totalBytes: CONFIG.length + WEIGHTS.length + 2,
      });
      const [, weights] = FILES;
      if (!weights) throw new Error('no file');
      expect((await bytesOf(source, reference, weights, 5, 200_000)).equals(WEIGHTS.subarray(5, 200_000))).toBe(true);
      expect(await keptBy(source, reference)).toEqual(KEPT);
      const gone = { ...reference, revision: `sha256:${'0'.repeat(64)}` };
      expect(await errorOf(source.list(gone, never))).toMatchObject({ code: 'REVISION_NOT_FOUND', retry: 'grace' });
      const other = { ...weights, sha256: '0'.repeat(64) };
      expect((await errorOf(bytesOf(source, reference, other))).code).toBe('FILE_NOT_FOUND');
    }
    expect(front.requests.filter(({ path }) => path === '/token').length).toBe(1);
  });
});

describe('models of a registry', () => {
  it('come without a token where none is asked for, and go through the keeper', async () => {
    const { registry, reference } = await registryWith();
    const source = await sourceOf([registry.host]);
    expect(source.sources).toEqual(['oci']);
    expect(await keptBy(source, reference)).toEqual(KEPT);
    expect(registry.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it.each<[string, (reference: ModelReference) => ModelReference, string]>([
    ['a tag', (r) => ({ ...r, revision: 'latest' }), 'REVISION_NOT_FOUND'],
    ['another digest', (r) => ({ ...r, revision: `sha512:${'0'.repeat(128)}` }), 'REVISION_NOT_FOUND'],
    ['a digest in capitals', (r) => ({ ...r, revision: r.revision.toUpperCase() }), 'REVISION_NOT_FOUND'],
    ['a way up', (r) => ({ ...r, namespace: `${r.namespace}/..` }), 'REPO_NOT_FOUND'],
    ['a name in capitals', (r) => ({ ...r, name: 'Llama' }), 'REPO_NOT_FOUND'],
    ['a query', (r) => ({ ...r, name: 'llama?x' }), 'REPO_NOT_FOUND'],
    ['another registry', (r) => ({ ...r, namespace: '127.0.0.1:1/team' }), 'SOURCE_NOT_SERVED'],
    ['a user before the host', (r) => ({ ...r, namespace: `x@${r.namespace}` }), 'SOURCE_NOT_SERVED'],
    ['no registry', (r) => ({ ...r, namespace: 'team' }), 'SOURCE_NOT_SERVED'],
  ])('are not asked for with %s', async (_name, change, code) => {
    const { registry, reference } = await registryWith();
    const source = await sourceOf([registry.host]);
    const wrong = change(reference);
    expect((await errorOf(source.list(wrong, never))).code).toBe(code);
    expect(
      (await errorOf(source.open(wrong, { path: 'x', size: 1, sha256: 'a'.repeat(64) }, { start: 0, end: 1 }, never)))
        .code,
    ).toBe(code);
    expect(registry.requests).toEqual([]);
  });

  it.each<[string, Buffer, string]>([
    ['no JSON', Buffer.from('{'), 'IMAGE_INVALID'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'IMAGE_INVALID'],
    ['null', Buffer.from('null'), 'IMAGE_INVALID'],
    [
      'an index',
      manifestOf([], { mediaType: 'application/vnd.oci.image.index.v1+json', layers: undefined, manifests: [] }),
      'IMAGE_INDEX',
    ],
    ['an index that hides its type', manifestOf(LAYERS, { manifests: [] }), 'IMAGE_INDEX'],
    ['another type', manifestOf(LAYERS, { mediaType: 'text/html' }), 'IMAGE_INVALID'],
    ['no layers', manifestOf([]), 'IMAGE_INVALID'],
    ['layers without titles', manifestOf([{ content: CONFIG }]), 'IMAGE_INVALID'],
    ['two layers of one title', manifestOf([...LAYERS, { title: 'config.json', content: WEIGHTS }]), 'IMAGE_INVALID'],
    ['an empty title', manifestOf([{ title: '', content: CONFIG }]), 'IMAGE_INVALID'],
    ['a title of five kilobytes', manifestOf([{ title: 'x'.repeat(5_000), content: CONFIG }]), 'FILE_NAME_REFUSED'],
    ['a negative size', manifestOf([{ title: 'x', content: CONFIG, size: -1 }]), 'IMAGE_INVALID'],
    ['a fraction of a byte', manifestOf([{ title: 'x', content: CONFIG, size: 0.5 }]), 'IMAGE_INVALID'],
    [
      'more bytes than can be counted',
      manifestOf(['x', 'y'].map((title) => ({ title, content: CONFIG, size: Number.MAX_SAFE_INTEGER }))),
      'IMAGE_INVALID',
    ],
    [
      'another kind of digest',
      manifestOf([], { layers: [{ digest: 'md5:x', size: 1, annotations: {} }] }),
      'IMAGE_INVALID',
    ],
    [
      'a title that is no text',
      manifestOf([], {
        layers: [{ digest: `sha256:${'a'.repeat(64)}`, size: 1, annotations: { 'org.opencontainers.image.title': 5 } }],
      }),
      'IMAGE_INVALID',
    ],
    [
      'eleven thousand files',
      manifestOf(Array.from({ length: 11_000 }, (_none, at) => ({ title: `f${at}`, content: CONFIG }))),
      'TOO_MANY_FILES',
    ],
  ])('are the miner’s fault with a manifest that has %s', async (_name, manifest, code) => {
    const { registry, reference } = await registryWith({}, manifest);
    expect(await errorOf((await sourceOf([registry.host])).list(reference, never))).toMatchObject({
      code,
      fault: 'miner',
      retry: 'never',
    });
  });

  it('are files or an error with a code, whatever their manifest says', async () => {
    const maybe = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 8, arbitrary: right }, fc.jsonValue({ maxDepth: 1 }));
    const layer = fc.record({
      digest: maybe(fc.constant(`sha256:${'a'.repeat(64)}`)),
      size: maybe(fc.maxSafeNat()),
      annotations: maybe(fc.record({ 'org.opencontainers.image.title': maybe(fc.string()) })),
    });
    const anyManifest = fc.record(
      {
        mediaType: maybe(fc.constant('application/vnd.oci.image.manifest.v1+json')),
        config: maybe(fc.record({ size: maybe(fc.nat()) })),
        layers: maybe(fc.array(layer, { maxLength: 3 })),
        blobs: maybe(fc.array(layer, { maxLength: 2 })),
      },
      { requiredKeys: [] },
    );
    const { registry, reference } = await registryWith();
    const source = await sourceOf([registry.host]);
    let listed = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: anyManifest }, fc.jsonValue()), async (manifest) => {
        const revision = registry.put('team/llama', Buffer.from(JSON.stringify(manifest)));
        const listing = await source.list({ ...reference, revision }, never).catch((error: unknown) => {
          if (!isAssayError(error) || error.fault !== 'miner') throw error;
          return undefined;
        });
        if (!listing) return;
        listed += 1;
        expect(new Set(listing.files.map(({ path }) => path)).size).toBe(listing.files.length);
        for (const { size } of listing.files) expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
        expect(Number.isSafeInteger(listing.totalBytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(listed).toBeGreaterThan(0);
  });

  it('may be artifacts, and images that do not say their type; layers without a title count as bytes', async () => {
    const { layers } = JSON.parse(manifestOf(LAYERS).toString()) as { layers: unknown };
    const artifact = manifestOf([], {
      mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
      layers: undefined,
      blobs: layers,
    });
    const untyped = manifestOf([...LAYERS, { content: Buffer.alloc(100) }], { mediaType: undefined });
    for (const [manifest, more] of [
      [artifact, 0],
      [untyped, 100],
    ] as const) {
      const { registry, reference } = await registryWith({}, manifest);
      const { files, totalBytes } = await (await sourceOf([registry.host])).list(reference, never);
      expect(files).toEqual(FILES);
      expect(totalBytes).toBe(CONFIG.length + WEIGHTS.length + 2 + more);
    }
  });

  it('with a hostile title are refused before anything is stored', async () => {
    for (const title of ['../x', '/etc/passwd', 'a\\b', 'x\0', 'CONFIG.JSON']) {
      const { registry, reference } = await registryWith({}, manifestOf([...LAYERS, { title, content: WEIGHTS }]));
      expect(await errorOf(keptBy(await sourceOf([registry.host]), reference))).toMatchObject({
        code: 'FILE_NAME_REFUSED',
        fault: 'miner',
      });
    }
  });

  it('have the manifest that was committed to, whatever the registry sends', async () => {
    const { registry, reference } = await registryWith();
    registry.put('team/llama', manifestOf(LAYERS.slice(1)), reference.revision);
    expect(await errorOf((await sourceOf([registry.host])).list(reference, never))).toMatchObject({
      code: 'FILE_CONTENT_DIFFERS',
      fault: 'network',
    });
  });

  it.each([
    ['fewer', CONFIG.length - 1],
    ['more', CONFIG.length + 1],
    ['a lot more', 1e12],
  ])('are the miner’s where a manifest says %s bytes than the registry has', async (_name, size) => {
    const { registry, reference } = await registryWith(
      {},
      manifestOf([{ title: 'config.json', content: CONFIG, size }]),
    );
    const source = await sourceOf([registry.host]);
    const { files } = await source.list(reference, never);
    const [config] = files;
    if (!config) throw new Error('no file');
    for (const start of [0, size - 1]) {
      const error = await errorOf(bytesOf(source, reference, config, start));
      expect(error).toMatchObject({ code: 'LAYER_SIZE_WRONG', fault: 'miner', retry: 'grace' });
    }
  });

  it('are not blamed where the registry sends another size than it says it has', async () => {
    const { registry, reference } = await registryWith();
    const [config] = FILES;
    if (!config) throw new Error('no file');
    const otherRange = (start: number, end: number): { start: number; end: number; total: number } => ({
      ...{ start, end },
      total: 7,
    });
    registry.putBlob('team/llama', CONFIG, { otherRange });
    const work = bytesOf(await sourceOf([registry.host]), reference, config, 3);
    expect(await errorOf(work)).toMatchObject({ code: 'SOURCE_ANSWER_INVALID', fault: 'network' });
  });

  it.each([401, 403, 404, 200, 500])(
    'are not blamed for a page of status %i that no registry has written',
    async (code) => {
      const { registry, reference } = await registryWith({
        instead: (_request, response) => {
          response.writeHead(code).end('<h1>Log in to the hotel</h1>');
          return true;
        },
      });
      const source = await sourceOf([registry.host]);
      const [config] = FILES;
      if (!config) throw new Error('no file');
      expect((await errorOf(source.list(reference, never))).fault).toBe('network');
      expect((await errorOf(bytesOf(source, reference, config))).fault).toBe('network');
    },
  );

  it('can’t be had where nobody answers, which is the network’s fault', async () => {
    const source = await sourceOf(['127.0.0.1:1']);
    const reference = {
      source: 'oci',
      namespace: '127.0.0.1:1/team',
      name: 'llama',
      revision: `sha256:${'a'.repeat(64)}`,
    };
    expect(await errorOf(source.list(reference, never))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      fault: 'network',
    });
    const chosen: unknown = store.options.parse({ registries: ['127.0.0.1:1'] });
    expect((await errorOf(Promise.resolve(store.check?.(chosen, depsWith({}), never)))).fault).toBe('network');
  });
});

describe('the token of a registry', () => {
  it('is for one repository, asked for once, and thrown away when it is too old', async () => {
    for (const [seconds, times] of [
      [300, 1],
      [5, 3],
    ] as const) {
      const { registry, reference } = await registryWith({ tokens: { seconds } });
      const source = await sourceOf([registry.host]);
      await source.list(reference, never);
      for (const file of FILES) await bytesOf(source, reference, file);
      const asked = registry.requests.filter(({ path }) => path === '/token').length;
      expect(asked).toBe(times);
    }
  });

  it('that opens nothing means that the repo is not there, or private', async () => {
    const { registry, reference } = await registryWith({ tokens: {}, hidden: ['team/llama'] });
    expect(await errorOf((await sourceOf([registry.host])).list(reference, never))).toMatchObject({
      code: 'REPO_NOT_FOUND',
      fault: 'miner',
      retry: 'grace',
    });
  });

  it('that is denied means the same, where the token server is a registry’s own', async () => {
    for (const [body, code] of [
      ['{"errors":[{"code":"DENIED"}]}', 'REPO_NOT_FOUND'],
      ['<h1>Forbidden</h1>', 'SOURCE_ANSWER_INVALID'],
    ] as const) {
      const { registry, reference } = await registryWith({
        tokens: {},
        instead: (request, response) => {
          if (request.url?.startsWith('/token') !== true) return false;
          response.writeHead(403).end(body);
          return true;
        },
      });
      expect((await errorOf((await sourceOf([registry.host])).list(reference, never))).code).toBe(code);
    }
  });

  it.each(['{}', '{"token":5}', '{"token":"two words"}', '{', '{"token":"x","expires_in":"soon"}'])(
    'that is none blames nobody: %s',
    async (body) => {
      const { registry, reference } = await registryWith({
        tokens: {},
        instead: (request, response) => {
          if (request.url?.startsWith('/token') !== true) return false;
          response.end(body);
          return true;
        },
      });
      expect(await errorOf((await sourceOf([registry.host])).list(reference, never))).toMatchObject({
        code: 'SOURCE_ANSWER_INVALID',
        fault: 'network',
      });
    },
  );

  it('is asked for at no other host than those that the config names', async () => {
    const elsewhere = await LoopbackRegistry.start();
    onTestFinished(async () => elsewhere.close());
    for (const realm of [
      `http://${elsewhere.host}/token`,
      `https://${elsewhere.host}/token`,
      'https://169.254.169.254/token',
    ]) {
      const { registry, reference } = await registryWith({ tokens: { realm } });
      const source = await sourceOf([registry.host], loginsOf(registry.host));
      expect(await errorOf(source.list(reference, never))).toMatchObject({
        code: 'TOKEN_SERVER_NOT_LISTED',
        fault: 'config',
      });
    }
    expect(elsewhere.requests).toEqual([]);
  });

  it('is asked for at another host that the config names, with the login of the registry', async () => {
    const server = await LoopbackRegistry.start({ tokens: {}, login: LOGIN });
    onTestFinished(async () => server.close());
    const hidden = ['team/llama'];
    const { registry, reference } = await registryWith({ tokens: { realm: `http://${server.host}/token` }, hidden });
    const source = await sourceOf([registry.host], loginsOf(registry.host), {
      tokenServers: [server.host],
      public: false,
    });
    expect((await source.list(reference, never)).files).toEqual(FILES);
    expect(server.requests.map(({ path }) => path)).toEqual(['/token']);
    expect(server.requests[0]?.authorization).toMatch(/^Basic /);
  });
});

describe('the login of a registry', () => {
  const hidden = ['team/llama'];

  it('makes no private image a model', async () => {
    const { registry, reference } = await registryWith({ tokens: {}, login: LOGIN, hidden });
    const source = await sourceOf([registry.host], loginsOf(registry.host));
    expect(await errorOf(source.list(reference, never))).toMatchObject({
      code: 'REPO_NOT_FOUND',
      fault: 'miner',
      retry: 'grace',
    });
  });

  it('opens it where the config says that the subnet’s registry is not public', async () => {
    const { registry, reference } = await registryWith({ tokens: {}, login: LOGIN, hidden });
    const source = await sourceOf([registry.host], loginsOf(registry.host), { public: false });
    expect(await keptBy(source, reference)).toEqual(KEPT);
    for (const { path, authorization } of registry.requests)
      expect(authorization?.startsWith('Basic') ?? false).toBe(path === '/token');
  });

  it('is sent to registries without tokens, and asked for where there is none', async () => {
    const { registry, reference } = await registryWith({ login: LOGIN });
    const source = await sourceOf([registry.host], loginsOf(registry.host), { public: false });
    expect(await keptBy(source, reference)).toEqual(KEPT);
    const asAnybody = await errorOf((await sourceOf([registry.host], loginsOf(registry.host))).list(reference, never));
    expect(asAnybody).toMatchObject({ code: 'REGISTRY_LOGIN_MISSING', fault: 'validator' });
    const without = await errorOf((await sourceOf([registry.host], {}, { public: false })).list(reference, never));
    expect(without).toMatchObject({ code: 'REGISTRY_LOGIN_MISSING', fault: 'validator' });
  });

  it('that is refused is the validator’s fault', async () => {
    const { registry, reference } = await registryWith({ tokens: {}, login: LOGIN });
    const source = await sourceOf([registry.host], loginsOf(registry.host, 'validator:wrong-password'));
    expect(await errorOf(source.list(reference, never))).toMatchObject({
      code: 'REGISTRY_LOGIN_MISSING',
      fault: 'validator',
    });
  });

  it('reads public images, asked for first as everybody asks', async () => {
    const { registry, reference } = await registryWith({ tokens: {}, login: LOGIN });
    const source = await sourceOf([registry.host], loginsOf(registry.host));
    await source.list(reference, never);
    const manifests = registry.requests.filter(({ path }) => path.includes('/manifests/'));
    expect(manifests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET', 'GET']);
  });

  it('stands in the file of container tools, is a secret, and goes to its own registry only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-logins-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const { registry, reference } = await registryWith({ login: LOGIN });
    const other = await registryWith({ login: LOGIN });
    await writeFile(join(folder, 'config.json'), loginsOf(registry.host).DOCKER_AUTH_CONFIG);
    for (const environment of [{ DOCKER_CONFIG: folder }, { REGISTRY_AUTH_FILE: join(folder, 'config.json') }]) {
      const source = await sourceOf([registry.host, other.registry.host], environment, { public: false });
      await source.list(reference, never);
      expect((await errorOf(source.list(other.reference, never))).code).toBe('REGISTRY_LOGIN_MISSING');
    }
    expect(other.registry.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(withoutSecrets('the correct-horse-battery')).not.toContain('horse');
  });

  it.each(['{', '{"auths":[]}', '{"auths":{"HOST":{"auth":"bm90aGluZw=="}}}'])('is not read from %s', async (text) => {
    const environment = { DOCKER_AUTH_CONFIG: text.replace('HOST', '127.0.0.1:1') };
    expect(await errorOf(sourceOf(['127.0.0.1:1'], environment))).toMatchObject({
      code: 'REGISTRY_LOGINS_UNREADABLE',
      fault: 'config',
    });
  });
});

describe('the options', () => {
  it.each([
    [[]],
    [['https://ghcr.io']],
    [['user@ghcr.io']],
    [['GHCR.io']],
    [['ghcr.io/team']],
    [['ghcr.io:port']],
    [['']],
  ])('refuse registries %j', (registries) => {
    expect(store.options.safeParse({ registries }).success).toBe(false);
  });

  it('take hosts with and without a port', () => {
    expect(store.options.safeParse({ registries: ['ghcr.io', 'localhost:5000', 'a-b.example'] }).success).toBe(true);
  });

  it('need the registries to be named', () => {
    expect(store.options.safeParse({}).success).toBe(false);
  });
});
