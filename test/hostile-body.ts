import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** How a file is served other than it should be. Offsets count bytes of the body of one answer. */
export interface Behaviour {
  /** Only the first so many requests for the file are served like this. */
  times?: number;
  /** The connection is reset after so many bytes. */
  cutAt?: number;
  /** Nothing comes any more after so many bytes, and the connection stays open. */
  silentAt?: number;
  /** So many bytes at a time, with a pause in between. */
  slow?: { bytes: number; everyMs: number };
  /** The whole file with status 200, whatever range is asked for. */
  wholeToRange?: boolean;
  /** Status 206 and what this makes of the range that was asked for. */
  otherRange?: (start: number, end: number) => { start: number; end: number; total?: number };
  /** The entity tag of the nth answer, quotes included. */
  etag?: (nth: number) => string;
  gzip?: boolean;
  /** Status 302 to this address. */
  redirect?: string;
  /** This status, with `Retry-After` where it is given, in seconds or as a date. */
  status?: { code: number; retryAfter?: string; headers?: Record<string, string>; body?: string };
  /** Other bytes in place of the content, e.g. the pointer of a large file. */
  content?: Buffer;
  /** So many bytes more than there should be, without a stated length. */
  extraBytes?: number;
  /** The length of the body is not stated. */
  isLengthUnsaid?: boolean;
  /** No entity tag is sent. */
  hasNoTag?: boolean;
  /** The body ends so many bytes early, without a stated length. */
  missingBytes?: number;
}

export interface LinkSpeed {
  /** Before each answer. */
  latencyMs?: number;
  /** Of each connection. */
  bytesPerSecond?: number;
  /** Of all connections together. */
  link?: Link;
}

/** A line that connections share. */
interface Link {
  bytesPerSecond: number;
  /** When the last byte that was sent is through. */
  freeAt: number;
}

interface Serving extends LinkSpeed {
  etag: string;
  /** Requests for this file before this one. */
  nth: number;
}

export function pointerOf(sha256: string, size: number): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`);
}

/** Answers with a file, or with the range that the request asks for, as the behaviour says. */
export function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  honest: Buffer,
  serving: Serving,
  behaviour: Behaviour = {},
): void {
  const given = behaviour.times !== undefined && serving.nth >= behaviour.times ? {} : behaviour;
  if (given.redirect !== undefined) {
    response.writeHead(302, { location: given.redirect }).end();
    return;
  }
  if (given.status) {
    const { code, retryAfter, headers, body = '' } = given.status;
    response
      .writeHead(code, { ...headers, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) })
      .end(body);
    return;
  }
  const content = given.content ?? honest;
  if (!given.hasNoTag) response.setHeader('etag', given.etag?.(serving.nth) ?? `"${serving.etag}"`);
  response.setHeader('accept-ranges', 'bytes');
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!asked || given.wholeToRange) {
    void send(response, 200, content, given, serving);
    return;
  }
  const start = Number(asked[1]);
  const end = Math.min(asked[2] ? Number(asked[2]) + 1 : content.length, content.length);
  if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const range = { total: content.length, ...(given.otherRange?.(start, end) ?? { start, end }) };
  response.setHeader('content-range', `bytes ${range.start}-${range.end - 1}/${range.total}`);
  void send(response, 206, content.subarray(range.start, range.end), given, serving);
}

async function send(
  response: ServerResponse,
  status: number,
  part: Buffer,
  { cutAt, silentAt, slow, gzip, extraBytes, missingBytes, isLengthUnsaid }: Behaviour,
  { bytesPerSecond, link }: Serving,
): Promise<void> {
  let body = gzip ? gzipSync(part) : part;
  if (extraBytes) body = Buffer.concat([body, Buffer.alloc(extraBytes)]);
  if (missingBytes) body = body.subarray(0, body.length - missingBytes);
  const length = extraBytes || missingBytes || isLengthUnsaid ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...length, ...(gzip ? { 'content-encoding': 'gzip' } : {}) });
  const stop = Math.min(cutAt ?? body.length, silentAt ?? body.length);
  const [piece, pauseMs] = paceOf(slow, bytesPerSecond, link);
  const started = performance.now();
  for (let at = 0; at < stop && !response.destroyed; at += piece) {
    const part = body.subarray(at, Math.min(at + piece, stop));
    response.write(part);
    const own = started + ((at + piece) / piece) * pauseMs;
    const wait = Math.max(own, throughAt(link, part.length)) - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    if (response.writableNeedDrain) await drained(response);
  }
  if (cutAt !== undefined && cutAt < body.length) response.socket?.resetAndDestroy();
  else if (silentAt === undefined || silentAt >= body.length) response.end();
}

function paceOf(
  slow: Behaviour['slow'],
  bytesPerSecond: number | undefined,
  link: Link | undefined,
): [piece: number, pauseMs: number] {
  if (slow) return [slow.bytes, slow.everyMs];
  if (bytesPerSecond === undefined) return [link ? 1 << 18 : 1 << 20, 0];
  return [Math.max(1, Math.ceil(bytesPerSecond / 50)), 20];
}

/** When so many more bytes are through the line. */
function throughAt(link: Link | undefined, bytes: number): number {
  if (!link) return 0;
  link.freeAt = Math.max(link.freeAt, performance.now()) + (bytes / link.bytesPerSecond) * 1000;
  return link.freeAt;
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });
