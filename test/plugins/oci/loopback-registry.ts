import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendBody, type Behaviour } from '../../hostile-body.js';

const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface Layer {
  title?: string;
  content: Buffer;
  /** In place of the size of the content. */
  size?: number;
}

/** A manifest whose layers have these titles. */
export function manifestOf(layers: readonly Layer[], more: Record<string, unknown> = {}): Buffer {
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${sha256(Buffer.from('{}'))}`,
  };
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: IMAGE_TYPE,
      config: { ...config, size: 2 },
      layers: layers.map(({ title, content, size = content.length }) => ({
        mediaType: 'application/vnd.assay.file',
        digest: `sha256:${sha256(content)}`,
        size,
        ...(title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } }),
      })),
      ...more,
    }),
  );
}

interface Options {
  /** Tokens are asked for; `realm` is where, this server's own when left out. */
  tokens?: { realm?: string; seconds?: number };
  /** A user name and password that reads everything; asked for with every request where there are no tokens. */
  login?: string;
  /** Repositories that need the login. */
  hidden?: readonly string[];
  /** Requests that are let through go here in place of the content below. */
  upstream?: string;
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
}

/** A registry on loopback, its content in memory or in a registry behind it, with a token server of its own. */
export class LoopbackRegistry {
  readonly requests: Seen[] = [];
  readonly #content = new Map<string, { bytes: Buffer; behaviour?: Behaviour | undefined }>();
  readonly #server: Server;

  private constructor(readonly options: Options) {
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  static async start(options: Options = {}): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry(options);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @returns its digest */
  put(repository: string, bytes: Buffer, digest = `sha256:${sha256(bytes)}`): string {
    this.#content.set(`/v2/${repository}/manifests/${digest}`, { bytes });
    return digest;
  }

  putBlob(repository: string, bytes: Buffer, behaviour?: Behaviour): void {
    this.#content.set(`/v2/${repository}/blobs/sha256:${sha256(bytes)}`, { bytes, behaviour });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', `http://${this.host}`);
    const { authorization } = request.headers;
    this.requests.push({ method: request.method ?? '', path: url.pathname, authorization });
    if (this.options.instead?.(request, response)) return;
    if (url.pathname === '/token') {
      this.#giveToken(response, url.searchParams, authorization);
      return;
    }
    if (!this.#isAllowed(response, url.pathname, authorization)) return;
    if (this.options.upstream === undefined) this.#serve(request, response, url.pathname);
    else forward(request, response, this.options.upstream);
  }

  #giveToken(response: ServerResponse, query: URLSearchParams, authorization: string | undefined): void {
    const { login, tokens, hidden = [] } = this.options;
    const known = login !== undefined && authorization === `Basic ${Buffer.from(login).toString('base64')}`;
    if (authorization !== undefined && !known) {
      refuse(response, 401, 'UNAUTHORIZED');
      return;
    }
    const scope = query.get('scope') ?? '';
    const allowed = known || !hidden.some((repository) => scope === `repository:${repository}:pull`);
    const token = `${allowed ? 'may' : 'may-not'}.${Buffer.from(scope).toString('base64url')}`;
    response.end(JSON.stringify({ token, expires_in: tokens?.seconds ?? 300 }));
  }

  #isAllowed(response: ServerResponse, path: string, authorization: string | undefined): boolean {
    const { login, tokens } = this.options;
    if (!tokens && login === undefined) return true;
    const [, repository = ''] = /^\/v2\/(.*)\/(?:manifests|blobs)\//.exec(path) ?? [];
    const scope = `repository:${repository}:pull`;
    const wanted = tokens
      ? `Bearer may.${Buffer.from(scope).toString('base64url')}`
      : `Basic ${Buffer.from(login ?? '').toString('base64')}`;
    if (authorization === wanted) return true;
    const realm = tokens?.realm ?? `http://${this.host}/token`;
    const challenge = tokens
      ? `Bearer realm="${realm}",service="loopback",scope="registry:catalog:*"`
      : 'Basic realm="x"';
    refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
    return false;
  }

  #serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    const found = this.#content.get(path);
    if (path === '/v2/') response.end('{}');
    else if (!found) refuse(response, 404, path.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN');
    else if (path.includes('/blobs/')) sendBody(request, response, found.bytes, { etag: 'x', nth: 0 }, found.behaviour);
    else
      response
        .writeHead(200, { 'content-type': IMAGE_TYPE, 'content-length': found.bytes.length })
        .end(request.method === 'HEAD' ? undefined : found.bytes);
  }
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
}

function forward({ method, url, headers }: IncomingMessage, response: ServerResponse, upstream: string): void {
  const theirs = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
  send(new URL(url ?? '', upstream), { method: method ?? 'GET', headers: theirs }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }).end();
}

export const hasRegistryTools = ['docker-registry', 'skopeo'].every(
  (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Debian's registry with an image that skopeo has copied into it. @returns its host, the digest, and what ends it */
export async function debianRegistry(
  repository: string,
  layers: readonly Layer[],
): Promise<{ host: string; digest: string; close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    `version: 0.1\nlog: { accesslog: { disabled: true }, level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/data } }\nhttp: { addr: ${host} }\n`,
  );
  const server = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const close = (): void => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 100; ; tries -= 1) {
    const up = await fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) break;
    if (tries === 0) throw new Error('docker-registry does not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const digest = imageLayout(join(folder, 'layout'), layers);
  const from = `oci:${join(folder, 'layout')}:model`;
  const copied = spawnSync(
    'skopeo',
    [
      '--insecure-policy',
      'copy',
      '--preserve-digests',
      '--dest-tls-verify=false',
      from,
      `docker://${host}/${repository}:v1`,
    ],
    { encoding: 'utf8' },
  );
  if (copied.status !== 0) throw new Error(copied.stderr);
  return { host, digest, close };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder as tools write an image to disk. @returns digest of the manifest */
function imageLayout(folder: string, layers: readonly Layer[]): string {
  mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
  const manifest = manifestOf(layers);
  for (const bytes of [manifest, Buffer.from('{}'), ...layers.map(({ content }) => content)])
    writeFileSync(join(folder, 'blobs', 'sha256', sha256(bytes)), bytes);
  const digest = `sha256:${sha256(manifest)}`;
  const annotations = { 'org.opencontainers.image.ref.name': 'model' };
  const entry = { mediaType: IMAGE_TYPE, digest, size: manifest.length, annotations };
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return digest;
}
