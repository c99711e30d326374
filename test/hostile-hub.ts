import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendBody, type Behaviour, type LinkSpeed } from './hostile-body.js';

/** A file of a repo. A `Buffer` alone is one that is served as it should be. */
export interface HubFile {
  content: Buffer;
  /** Whether git has a pointer in its place; files of a megabyte and more are like this when left out. */
  lfs?: boolean;
  /** What the list says in place of the truth. */
  listed?: { size?: number; sha256?: string; gitOid?: string };
  behaviour?: Behaviour;
}

export interface HubRepo {
  revision: string;
  files: Readonly<Record<string, Buffer | HubFile>>;
  /** What the hub says of it to everybody; a token of `readers` opens it all the same. */
  access?: { private?: boolean; gated?: 'auto' | 'manual'; disabled?: boolean };
  readers?: readonly string[];
  /** The list as it should be, turned into what the hub answers. */
  list?: (entries: unknown[]) => unknown;
  /** Entries of a page; a thousand when left out. */
  pageSize?: number;
  /** Lists that have no end: the same page for ever, new pages for ever, or empty ones. */
  pages?: 'circle' | 'endless' | 'empty';
}

interface HubRequest {
  method: string;
  path: string;
  query: string;
  headers: IncomingMessage['headers'];
}

export interface HubOptions extends LinkSpeed {
  /** Tokens that the hub knows; any other one is refused wherever it is sent. */
  tokens?: readonly string[];
  /** Answers every request itself when it returns true. */
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A hub on loopback that misbehaves as it is told, and writes down what it was asked. Routes and refusals are those of the real one. */
export class HostileHub {
  readonly requests: HubRequest[] = [];
  /** May be changed while it runs. */
  readonly repos = new Map<string, HubRepo>();
  readonly #server: Server;
  /** How often the content of a file was asked for, by address. */
  readonly #asked = new Map<string, number>();

  private constructor(readonly options: HubOptions) {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  static async start(repos: Readonly<Record<string, HubRepo>> = {}, options: HubOptions = {}): Promise<HostileHub> {
    const hub = new HostileHub(options);
    for (const [name, repo] of Object.entries(repos)) hub.repos.set(name, repo);
    await new Promise<void>((resolve) => hub.#server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests for the content of a file, wherever it was redirected to. */
  contentRequests(path: string): HubRequest[] {
    return this.requests.filter((request) => request.path.endsWith(`/${path}`) && request.path.includes('/resolve/'));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '', 'http://any');
    const { method = '', headers } = request;
    this.requests.push({ method, path: pathname, query: search, headers });
    if (this.options.latencyMs) await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs));
    if (this.options.instead?.(request, response)) return;
    const token = headers.authorization?.replace(/^Bearer /, '');
    if (token !== undefined && !this.options.tokens?.includes(token)) {
      refuse(response, 401, undefined, 'Invalid credentials in Authorization header');
      return;
    }
    this.#route(request, response, pathname.split('/').map(decodeURIComponent).join('/'), search, token);
  }

  #route(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    search: string,
    token: string | undefined,
  ): void {
    if (path === '/api/whoami-v2') {
      if (token === undefined) refuse(response, 401, undefined, 'Invalid username or password.');
      else sendJson(response, { name: 'validator', type: 'user' });
      return;
    }
    const [, kind, name = '', verb, revision = '', rest] =
      /^\/(api\/models\/|)([^/]+\/[^/]+)\/(revision|tree|paths-info|resolve|cdn)\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
    const repo = this.repos.get(name);
    if (!this.#isOpen(response, repo, kind === '' || verb === 'paths-info', token)) return;
    if (repo.revision !== revision) {
      refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
      return;
    }
    if (verb === 'revision')
      sendJson(response, { id: name, sha: revision, private: false, gated: false, ...repo.access });
    else if (verb === 'tree') this.#sendTree(response, repo, `${path}${search}`);
    else if (verb === 'paths-info') sendPaths(request, response, repo);
    else this.#sendFile(request, response, { repo, name, revision, path: rest ?? '', direct: verb === 'cdn' });
  }

  /** Gated repos are listed for everybody; only their content is not. */
  #isOpen(
    response: ServerResponse,
    repo: HubRepo | undefined,
    content: boolean,
    token: string | undefined,
  ): repo is HubRepo {
    const { private: hidden, gated, disabled } = repo?.access ?? {};
    const reader = token !== undefined && repo?.readers?.includes(token) === true;
    if (!repo || (hidden && !reader)) refuse(response, 401, 'RepoNotFound', 'Repository not found');
    else if (disabled) refuse(response, 403, undefined, 'Access to this resource is disabled.');
    else if (gated && content && !reader)
      refuse(response, token ? 403 : 401, 'GatedRepo', 'Access to model is restricted');
    else return true;
    return false;
  }

  #sendTree(response: ServerResponse, repo: HubRepo, address: string): void {
    const url = new URL(address, this.url);
    const at = Number(url.searchParams.get('cursor') ?? 0);
    const { pageSize = 1_000, pages, list = (entries): unknown => entries } = repo;
    const all = pages === 'endless' ? endlessEntries(at, pageSize) : entriesOf(repo);
    const page = pages === 'empty' ? [] : pages === 'endless' ? all : all.slice(at, at + pageSize);
    const next = pages === 'circle' ? 0 : at + pageSize;
    url.searchParams.set('cursor', String(next));
    const more = pages !== undefined || next < all.length;
    sendJson(response, list(page), more ? { link: `<${url.href}>; rel="next"` } : {});
  }

  #sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    {
      repo,
      name,
      revision,
      path,
      direct,
    }: { repo: HubRepo; name: string; revision: string; path: string; direct: boolean },
  ): void {
    const file = fileOf(repo, path);
    if (!file) {
      refuse(response, 404, 'EntryNotFound', 'Entry not found');
      return;
    }
    const key = `${name}/${path}`;
    const { sha256, gitOid } = digestsOf(file);
    const redirected = isLfs(file) && !direct && file.behaviour?.redirect === undefined;
    if (redirected) {
      response
        .writeHead(302, {
          location: `/${name}/cdn/${revision}/${path.split('/').map(encodeURIComponent).join('/')}`,
          'x-linked-size': String(file.listed?.size ?? file.content.length),
          'x-linked-etag': `"${file.listed?.sha256 ?? sha256}"`,
          'x-repo-commit': revision,
        })
        .end();
      return;
    }
    const nth = this.#asked.get(key) ?? 0;
    this.#asked.set(key, nth + 1);
    response.setHeader('x-repo-commit', revision);
    sendBody(
      request,
      response,
      file.content,
      { etag: isLfs(file) ? sha256 : gitOid, nth, ...this.options },
      file.behaviour,
    );
  }
}

const fileOf = ({ files }: HubRepo, path: string): HubFile | undefined => {
  const file = Object.hasOwn(files, path) ? files[path] : undefined;
  return Buffer.isBuffer(file) ? { content: file } : file;
};

const isLfs = ({ lfs, content }: HubFile): boolean => lfs ?? content.length >= 1 << 20;

const digests = new WeakMap<Buffer, { sha256: string; gitOid: string }>();
function digestsOf({ content }: HubFile): { sha256: string; gitOid: string } {
  const known = digests.get(content);
  if (known) return known;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const gitOid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  digests.set(content, { sha256, gitOid });
  return { sha256, gitOid };
}

function entriesOf(repo: HubRepo): unknown[] {
  return Object.keys(repo.files).map((path) => {
    const file = fileOf(repo, path) ?? { content: Buffer.alloc(0) };
    const { sha256, gitOid } = digestsOf(file);
    const size = file.listed?.size ?? file.content.length;
    const oid = file.listed?.gitOid ?? gitOid;
    const lfs = { oid: file.listed?.sha256 ?? sha256, size, pointerSize: 134 };
    return isLfs(file) ? { type: 'file', path, size, oid: 'c'.repeat(40), lfs } : { type: 'file', path, size, oid };
  });
}

/** A million files and more: a page of new names wherever one begins. */
const endlessEntries = (at: number, count: number): unknown[] =>
  Array.from({ length: count }, (_none, index) => ({
    type: 'file',
    path: `shard-${at + index}.bin`,
    size: 1,
    oid: 'd'.repeat(40),
  }));

function sendPaths(request: IncomingMessage, response: ServerResponse, repo: HubRepo): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { paths } = JSON.parse(Buffer.concat(chunks).toString()) as { paths: string[] };
    const named = (entry: unknown): boolean => paths.includes((entry as { path: string }).path);
    sendJson(response, entriesOf(repo).filter(named));
  });
}

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** As the hub refuses. */
function refuse(response: ServerResponse, status: number, code: string | undefined, error: string): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(code ? { 'x-error-code': code } : {}),
      'x-error-message': error,
    })
    .end(JSON.stringify({ error }));
}
