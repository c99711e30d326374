import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/**
 * @typedef {object} Hub what handlers share
 * @property {import('./repos.js').Repos} repos
 * @property {import('./accounts.js').Accounts} accounts
 * @property {import('./signatures.js').Signatures} signatures
 * @property {number} bytesPerSecond
 * @property {number} pageSize
 * @property {number} multipartBytes
 */
/**
 * @typedef {object} Exchange one request
 * @property {import('node:http').IncomingMessage} request
 * @property {import('node:http').ServerResponse} response
 * @property {URL} url
 * @property {import('./repos.js').RepoName} repo
 * @property {string[]} rest parts of the path after the repo, decoded
 */

/** An answer that is not a success, with the hub's own code for it where it has one. */
export class HubError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string} [code] `x-error-code` of the answer
   */
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {Response} response
 * @param {unknown} document
 * @param {{ status?: number, headers?: Record<string, string>, type?: string }} [options]
 */
export function sendJson(response, document, { status = 200, headers = {}, type = 'application/json' } = {}) {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': String(body.length),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * @param {Response} response
 * @param {HubError} error
 */
export function sendError(response, { status, message, code }) {
  const headers = { 'x-error-message': message, ...(code === undefined ? {} : { 'x-error-code': code }) };
  sendJson(response, { error: message }, { status, headers });
}

/**
 * The body of a request as JSON, or as lines of JSON.
 * @param {Request} request
 * @param {number} limit bytes
 */
export async function readBody(request, limit) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > limit) throw new HubError(413, 'Payload too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * The same bytes, not faster than the rate; one connection has the rate for itself.
 * @param {AsyncIterable<Buffer>} bytes
 * @param {number} bytesPerSecond
 */
export async function* paced(bytes, bytesPerSecond) {
  const began = performance.now();
  let sent = 0;
  for await (const chunk of bytes) {
    yield chunk;
    sent += chunk.length;
    const due = began + (1000 * sent) / bytesPerSecond - performance.now();
    if (due > 0) await sleep(due);
  }
}

/**
 * One file, whole or one range of it, as a content delivery network serves it.
 * @param {Response} response
 * @param {{ file: string, size: number, etag: string, headers?: Record<string, string>, bytesPerSecond: number }} what
 */
export async function sendFile(response, { file, size, etag, headers = {}, bytesPerSecond }) {
  const range = rangeOf(response.req.headers, size, etag);
  const common = { etag, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', ...headers };
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...common, 'content-range': `bytes */${size}`, 'content-length': '0' });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const length = { 'content-length': String(end - start + 1) };
  if (range) response.writeHead(206, { ...common, ...length, 'content-range': `bytes ${start}-${end}/${size}` });
  else response.writeHead(200, { ...common, ...length });
  if (response.req.method === 'HEAD' || end < start) {
    response.end();
    return;
  }
  await pipeline(Readable.from(paced(createReadStream(file, { start, end }), bytesPerSecond)), response);
}

/**
 * The range that a request asks for; undefined stands for the whole file: there is no range, several, or `If-Range` names
 * another content.
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {number} size
 * @param {string} etag
 * @returns {{ start: number, end: number } | 'unsatisfiable' | undefined}
 */
function rangeOf({ range, 'if-range': condition }, size, etag) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (condition !== undefined && condition !== etag) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || (first === '' && Number(last) === 0)) return 'unsatisfiable';
  return end < start ? undefined : { start, end };
}
