// A small Hugging Face hub on loopback: real enough for @huggingface/hub, for validators that download from it and for
// miners who push to it.
//
//   node examples/hub/server.js --root FOLDER [--port 8080] [--latency MS] [--bytes-per-second N] [--token USER=hf_...[:read]]
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Accounts, whoAmI } from './accounts.js';
import { HubError, sendError, sendJson } from './answers.js';
import * as reading from './reading.js';
import { Repos } from './repos.js';
import { Signatures } from './signatures.js';
import * as writing from './writing.js';

/**
 * @typedef {object} HubOptions
 * @property {string} root folder of the repos; see `repos.js`
 * @property {readonly import('./accounts.js').Account[]} [accounts] who may write, and see private repos
 * @property {number} [latency] milliseconds before each answer
 * @property {number} [bytesPerSecond] of each connection
 * @property {number} [pageSize] files of one page of a listing
 * @property {number} [multipartBytes] larger files are uploaded in parts of this size
 */
/** @typedef {import('./answers.js').Hub} Hub */
/** @typedef {import('./answers.js').Exchange} Exchange */
/** @typedef {(hub: Hub, exchange: Exchange) => Promise<void>} Handler */

/**
 * Routes by method and by the part of the path after the repo.
 * @type {Readonly<Record<string, Handler>>}
 */
const API = {
  'GET ': reading.modelInfo,
  'GET revision': reading.modelInfo,
  'GET tree': reading.tree,
  'POST paths-info': reading.pathsInfo,
  'POST preupload': writing.preupload,
  'POST commit': writing.commit,
  'PUT settings': writing.settings,
};
/** @type {Readonly<Record<string, Handler>>} */
const FILES = {
  'GET resolve': reading.resolve,
  'HEAD resolve': reading.resolve,
  'GET raw': reading.raw,
};
/** @type {Readonly<Record<string, Handler>>} */
const UPLOADS = { 'PUT whole': writing.putObject, 'PUT part': writing.putPart, 'POST complete': writing.completeParts };

/**
 * @param {string} method
 * @param {string[]} parts
 * @returns {{ handler: Handler | undefined, repo: string[], rest: string[] }}
 */
function routeOf(method, parts) {
  const [first, second, third] = parts;
  const isGet = method === 'GET' || method === 'HEAD';
  if (first === 'api' && second === 'whoami-v2')
    return {
      handler: async ({ accounts }, { request, response }) =>
        sendJson(response, whoAmI(accounts.require(request.headers))),
      repo: [],
      rest: [],
    };
  if (first === 'api' && second === 'repos' && third === 'create' && method === 'POST')
    return { handler: writing.createRepo, repo: [], rest: [] };
  if (first === 'api' && second === 'resolve-cache' && isGet)
    return { handler: reading.resolveCache, repo: parts.slice(3, 5), rest: parts.slice(5) };
  if (first === 'api' && second === 'models')
    return { handler: API[`${method} ${parts[4] ?? ''}`], repo: parts.slice(2, 4), rest: parts.slice(4) };
  if (first === 'cdn' && isGet) return { handler: reading.delivered, repo: parts.slice(1, 3), rest: parts.slice(3) };
  if (first === 'lfs') return { handler: UPLOADS[`${method} ${third ?? ''}`], repo: [], rest: parts.slice(1) };
  if (second?.endsWith('.git') && parts.slice(2).join('/') === 'info/lfs/objects/batch' && method === 'POST')
    return { handler: writing.lfsBatch, repo: [first ?? '', second.slice(0, -'.git'.length)], rest: [] };
  return { handler: FILES[`${method} ${third ?? ''}`], repo: parts.slice(0, 2), rest: parts.slice(2) };
}

/**
 * The hub as a request handler, for a server of one's own.
 * @param {HubOptions} options
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<void>}
 */
export function hubHandler({
  root,
  accounts = [],
  latency = 0,
  bytesPerSecond = Number.POSITIVE_INFINITY,
  pageSize = 1000,
  multipartBytes = 64 * 1024 * 1024,
}) {
  const repos = new Repos(root);
  const hub = {
    repos,
    accounts: new Accounts(accounts),
    signatures: new Signatures(),
    ...{ bytesPerSecond, pageSize, multipartBytes },
  };
  const opened = repos.open();
  return async (request, response) => {
    try {
      await opened;
      if (latency > 0) await sleep(latency);
      await answer(hub, request, response);
    } catch (error) {
      refuse(request, response, error);
    }
  };
}

/**
 * @param {Hub} hub
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(hub, request, response) {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  const parts = url.pathname.split('/').slice(1).map(decoded);
  const { handler, repo, rest } = routeOf(request.method ?? 'GET', parts);
  const [namespace = '', name = ''] = repo;
  if (!handler) throw new HubError(404, 'Not found');
  await handler(hub, { request, response, url, repo: { namespace, name }, rest });
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HubError(400, 'Bad request');
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {unknown} error
 */
function refuse(request, response, error) {
  if (response.headersSent || response.destroyed) {
    // A client that has gone, or a file that broke off: the connection is all that is left to end.
    response.destroy();
    return;
  }
  // What is left of an upload is not read: the connection can't be used again.
  if (!request.complete) response.setHeader('connection', 'close');
  const isBadBody = error instanceof SyntaxError;
  if (!(error instanceof HubError) && !isBadBody)
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  sendError(
    response,
    error instanceof HubError
      ? error
      : new HubError(isBadBody ? 400 : 500, isBadBody ? 'Bad request' : 'Internal error'),
  );
}

/**
 * @param {HubOptions} options
 * @returns {import('node:http').Server} not listening yet
 */
export function createHub(options) {
  const handler = hubHandler(options);
  return createServer((request, response) => void handler(request, response));
}

/**
 * `USER=TOKEN` or `USER=TOKEN:read`
 * @param {string} text
 * @returns {import('./accounts.js').Account}
 */
function accountOf(text) {
  const [, user, token, role] = /^([^=]+)=(hf_[^:]+)(:read|:write)?$/.exec(text) ?? [];
  if (user === undefined || token === undefined)
    throw new Error(`--token ${text}: give USER=hf_... or USER=hf_...:read`);
  return { user, token, role: role === ':read' ? 'read' : 'write' };
}

function main() {
  const { values } = parseArgs({
    options: {
      root: { type: 'string' },
      port: { type: 'string', default: '8080' },
      latency: { type: 'string', default: '0' },
      'bytes-per-second': { type: 'string' },
      token: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.root === undefined) throw new Error('--root FOLDER is missing: the folder that holds the repos');
  const rate = values['bytes-per-second'];
  const server = createHub({
    root: values.root,
    accounts: values.token.map(accountOf),
    latency: Number(values.latency),
    ...(rate === undefined ? {} : { bytesPerSecond: Number(rate) }),
  });
  server.listen(Number(values.port), '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : values.port;
    process.stdout.write(`hub of ${values.root} on http://127.0.0.1:${port}\n`);
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
