import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, Server as HttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '@assay/core/runtime/system-clock';
import { HttpClient, type HttpDeps, type HttpOptions } from '@assay/lib-http';
import { errorOf } from '../../error-of.js';

const never = new AbortController().signal;
const CONTENT = Buffer.from('0123456789abcdefghij');
const WHOLE = { start: 0, end: CONTENT.length, size: CONTENT.length };
const PART = { start: 4, end: 12, size: CONTENT.length };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    if (server instanceof HttpServer || server instanceof HttpsServer) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serving(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(answer))}`;
}

function clientOf(
  endpoint: string | undefined,
  options: Partial<HttpOptions> = {},
  deps: Partial<HttpDeps> = {},
): HttpClient {
  const client = new HttpClient(
    {
      timeoutMs: 5_000,
      minBytes: 1,
      requestsInFlight: 8,
      ...(endpoint === undefined ? {} : { endpoint: new URL(endpoint) }),
      ...options,
    },
    { clock: systemClock, ...deps },
  );
  onTestFinished(async () => client.close());
  return client;
}

const file = (base: string): { what: string; url: URL } => ({ what: 'a file', url: new URL('/file', base) });

async function bytesOf(client: HttpClient, url: string, part = PART): Promise<Buffer> {
  const opened = await client.open(file(url), part, never);
  if (opened.kind === 'answer') throw new Error(`status ${opened.status}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened.bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const range = (text: string): Record<string, string> => ({ 'content-range': text });

describe('a part of a file', () => {
  it('comes as it was asked for, whole files without a range', async () => {
    const seen: unknown[] = [];
    const url = await serving((request, response) => {
      seen.push([request.headers.range, request.headers['accept-encoding']]);
      if (request.headers.range) response.writeHead(206, range('bytes 4-11/20')).end(CONTENT.subarray(4, 12));
      else response.writeHead(200).end(CONTENT);
    });
    const client = clientOf(url);
    expect((await bytesOf(client, url)).toString()).toBe('456789ab');
    expect((await bytesOf(client, url, WHOLE)).toString()).toBe(CONTENT.toString());
    expect(seen).toEqual([
      ['bytes=4-11', 'identity'],
      [undefined, 'identity'],
    ]);
  });

  it('tells the size of a file that nobody knows yet', async () => {
    const answers: Record<string, [number, Record<string, string>, Buffer]> = {
      '/part': [206, range('bytes 4-11/20'), CONTENT.subarray(4, 12)],
      '/to-the-end': [206, range('bytes 4-9/10'), CONTENT.subarray(4, 10)],
      '/whole': [200, { 'content-length': '20' }, CONTENT],
      '/too-far': [206, range('bytes 4-19/20'), CONTENT.subarray(4)],
      '/unsaid': [200, { 'transfer-encoding': 'chunked' }, CONTENT],
    };
    const url = await serving((request, response) => {
      const [status = 404, headers = {}, body] = answers[request.url ?? ''] ?? [];
      response.writeHead(status, headers).end(body);
    });
    const client = clientOf(url);
    const opened = async (path: string): Promise<unknown> => {
      const answer = await client.open({ what: path, url: new URL(path, url) }, { start: 4, end: 12 }, never);
      if (answer.kind === 'answer') return answer.status;
      await answer.bytes.return();
      return [answer.start, answer.end, answer.size];
    };
    expect(await opened('/part')).toEqual([4, 12, 20]);
    expect(await opened('/to-the-end')).toEqual([4, 10, 10]);
    expect(await opened('/whole')).toEqual([0, 20, 20]);
    expect((await errorOf(opened('/too-far'))).message).toContain('it has 4 to 19 of 20');
    expect(await opened('/unsaid')).toEqual([0, undefined, undefined]);
  });

  it('may come as the whole file, and says so', async () => {
    const url = await serving((_request, response) => response.end(CONTENT));
    const opened = await clientOf(url).open(file(url), PART, never);
    expect(opened).toMatchObject({ kind: 'opened', start: 0 });
  });

  const cases: [name: string, code: string, answer: RequestListener][] = [
    ['another range', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(206, range('bytes 5-12/20')).end('56789abc')],
    ['another end', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(206, range('bytes 4-9/20')).end('456789')],
    ['another total', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(206, range('bytes 4-11/21')).end('456789ab')],
    ['no total', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(206, range('bytes 4-11/*')).end('456789ab')],
    ['no range', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(206).end('456789ab')],
    [
      'several ranges',
      'SOURCE_ANSWER_INVALID',
      (_q, r) => r.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x'),
    ],
    [
      'another length',
      'SOURCE_ANSWER_INVALID',
      (_q, r) => r.writeHead(206, { ...range('bytes 4-11/20'), 'content-length': '9' }).end('456789abc'),
    ],
    [
      'more bytes than it says',
      'SOURCE_ANSWER_INVALID',
      (_q, r) => {
        r.writeHead(206, range('bytes 4-11/20'));
        r.write('456789ab');
        r.end('c');
      },
    ],
    [
      'fewer bytes than it says',
      'SOURCE_UNREACHABLE',
      (_q, r) => {
        r.writeHead(206, range('bytes 4-11/20'));
        r.write('4567');
        r.end();
      },
    ],
    ['a whole file of another size', 'SOURCE_ANSWER_INVALID', (_q, r) => r.end('a pointer')],
    ['a gzip body', 'SOURCE_ANSWER_INVALID', (_q, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('x')],
    ['a server error', 'SOURCE_UNREACHABLE', (_q, r) => r.writeHead(500).end()],
    ['a reset', 'SOURCE_UNREACHABLE', (q) => q.socket.destroy()],
    [
      'a reset midway',
      'SOURCE_UNREACHABLE',
      (q, r) => {
        r.writeHead(206, { ...range('bytes 4-11/20'), 'content-length': '8' });
        r.write('45', () => q.socket.resetAndDestroy());
      },
    ],
    ['a heap of headers', 'SOURCE_UNREACHABLE', (_q, r) => r.writeHead(200, { 'x-heap': 'x'.repeat(70_000) }).end()],
    ['a redirect to nowhere', 'REDIRECT_REFUSED', (_q, r) => r.writeHead(302).end()],
    ['a redirect in a circle', 'REDIRECT_REFUSED', (_q, r) => r.writeHead(302, { location: '/file' }).end()],
  ];
  it.each(cases)('%s: %s', async (_name, code, answer) => {
    const url = await serving(answer);
    const error = await errorOf(bytesOf(clientOf(url), url));
    expect(error).toMatchObject({ code, fault: 'network', retry: 'backoff' });
  });

  it('is not there for another status, which is told with its body', async () => {
    const url = await serving((_request, response) => response.writeHead(404, { 'x-error-code': 'E' }).end('gone'));
    const answer = await clientOf(url).open(file(url), PART, never);
    expect(answer).toMatchObject({ kind: 'answer', status: 404, fromOrigin: true, body: Buffer.from('gone') });
  });

  it('is a network fault where nobody listens, or something else than HTTP', async () => {
    const port = await listening(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')));
    const dead = 'http://127.0.0.1:1';
    for (const url of [dead, `http://127.0.0.1:${port}`])
      expect(await errorOf(bytesOf(clientOf(url), url))).toMatchObject({
        code: 'SOURCE_UNREACHABLE',
        fault: 'network',
      });
  });
});

describe('a transfer without bytes', () => {
  const slowly = (piece: string, everyMs: number): RequestListener => {
    return (_request, response) => {
      response.writeHead(206, { ...range('bytes 4-11/20'), 'content-length': '8' });
      response.write(piece);
      const timer = setInterval(() => response.write(piece), everyMs);
      response.once('close', () => {
        clearInterval(timer);
      });
    };
  };

  it('is cut after the silence', async () => {
    const url = await serving(slowly('4', 60_000));
    const started = performance.now();
    const error = await errorOf(bytesOf(clientOf(url, { timeoutMs: 300 }), url));
    expect(error.message).toContain('nothing came for 0.3 s');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('is cut when a byte now and then is all that comes', async () => {
    const url = await serving(slowly('4', 150));
    const error = await errorOf(bytesOf(clientOf(url, { timeoutMs: 400, minBytes: 1_000 }), url));
    expect(error.message).toMatch(/only \d bytes came in 0.4 s/);
  });

  it('is cut before the answer as well', async () => {
    const url = await serving(() => undefined);
    expect((await errorOf(bytesOf(clientOf(url, { timeoutMs: 200 }), url))).code).toBe('SOURCE_UNREACHABLE');
  });

  it('is not a silence while the reader takes its time, and stops with the reader', async () => {
    const size = 64 << 20;
    let sent = 0;
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': size });
      const more = (): void => {
        while (sent < size && !response.destroyed) {
          sent += 1 << 20;
          if (!response.write(Buffer.alloc(1 << 20))) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const opened = await clientOf(url, { timeoutMs: 200, minBytes: 1_000 }).open(
      file(url),
      { start: 0, end: size, size },
      never,
    );
    if (opened.kind === 'answer') throw new Error('no file');
    await opened.bytes.next();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(sent).toBeLessThan(size / 2);
    let received = 0;
    for await (const chunk of opened.bytes) received += chunk.length;
    expect(received).toBeGreaterThan(size / 2);
  });

  it('stops when the reader does not want any more', async () => {
    let closed = (): void => undefined;
    const ended = new Promise<void>((resolve) => (closed = resolve));
    const url = await serving((_request, response) => {
      response.once('close', closed);
      response.writeHead(206, { ...range('bytes 4-11/20'), 'content-length': '8' }).write('4');
    });
    const opened = await clientOf(url).open(file(url), PART, never);
    if (opened.kind === 'answer') throw new Error('no file');
    for await (const chunk of opened.bytes) if (chunk.length > 0) break;
    await ended;
  });

  it('ends with the signal, which is what it rejects with', async () => {
    const url = await serving(slowly('4', 60_000));
    const stop = new AbortController();
    const opened = await clientOf(url, { requestsInFlight: 1 }).open(file(url), PART, stop.signal);
    if (opened.kind === 'answer') throw new Error('no file');
    await opened.bytes.next();
    const reading = opened.bytes.next();
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

describe('the rate limit that all requests share', () => {
  it('has so many in flight, and forgets those that are dropped unread', async () => {
    let open = 0;
    let most = 0;
    const url = await serving((_request, response) => {
      open += 1;
      most = Math.max(most, open);
      response.once('close', () => (open -= 1));
      setTimeout(() => response.end(CONTENT), 50);
    });
    const client = clientOf(url, { requestsInFlight: 2 });
    await Promise.all(Array.from({ length: 8 }, async () => bytesOf(client, url, WHOLE)));
    expect(most).toBe(2);
    for (let dropped = 0; dropped < 3; dropped += 1) {
      const opened = await client.open(file(url), WHOLE, never);
      if (opened.kind === 'opened') await opened.bytes.return();
    }
    expect((await bytesOf(client, url, WHOLE)).length).toBe(CONTENT.length);
  });

  it('waits for as long as one answer has asked for, whatever is asked', async () => {
    const times: number[] = [];
    const url = await serving((_request, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end(CONTENT);
    });
    const client = clientOf(url);
    const error = await errorOf(bytesOf(client, url, WHOLE));
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', payload: { retryAfterMs: 1_000 } });
    await Promise.all([client.get({ ...file(url), maxBytes: 100 }, never), bytesOf(client, url, WHOLE)]);
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThan(950);
    expect(third - first).toBeGreaterThan(950);
  });

  it('fails at once where the pause is long', async () => {
    let asked = 0;
    const url = await serving((_request, response) => {
      asked += 1;
      response.writeHead(503, { 'retry-after': '900' }).end();
    });
    const client = clientOf(url);
    await errorOf(bytesOf(client, url));
    const error = await errorOf(bytesOf(client, url));
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(error.payload['retryAfterMs']).toBeGreaterThan(890_000);
    expect(asked).toBe(1);
  });

  it('begins so many in a second', async () => {
    const url = await serving((_request, response) => response.end(CONTENT));
    const client = clientOf(url, { requestsPerSecond: 20 });
    const started = performance.now();
    for (let count = 0; count < 6; count += 1) await bytesOf(client, url, WHOLE);
    expect(performance.now() - started).toBeGreaterThan(240);
  });
});

describe('a small answer', () => {
  it('is refused above its bound', async () => {
    const url = await serving((_request, response) => response.end('x'.repeat(1_000)));
    const error = await errorOf(clientOf(url).get({ ...file(url), maxBytes: 999 }, never));
    expect(error.code).toBe('SOURCE_ANSWER_INVALID');
  });

  it('has a time for all of it', async () => {
    const url = await serving((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.once('close', () => {
        clearInterval(timer);
      });
    });
    const error = await errorOf(clientOf(url, { timeoutMs: 100 }).get({ ...file(url), maxBytes: 1e6 }, never));
    expect(error.message).toContain('longer than 0.4 s');
  });
});

describe('a redirect', () => {
  it.each([
    ['to http', 'http://example.org/x', 'https'],
    ['to another port of the endpoint', 'http://127.0.0.1:9/x', 'https'],
    ['to loopback', 'https://127.0.0.1/x', 'public'],
    ['to loopback in hex', 'https://0x7f.1/x', 'public'],
    ['to loopback as one number', 'https://2130706433/x', 'public'],
    ['to loopback of IPv6', 'https://[::1]/x', 'public'],
    ['to loopback of IPv4 within IPv6', 'https://[::ffff:127.0.0.1]/x', 'public'],
    ['to what clouds keep for their machines', 'https://169.254.169.254/latest', 'public'],
    ['to a private address', 'https://10.1.2.3/x', 'public'],
    ['to a name of this machine', 'https://localhost/x', 'public'],
    ['to a user and password', 'https://user:secret@example.org/x', 'user name'],
    ['to a file', 'file:///etc/passwd', 'https'],
    ['to nonsense', 'https://', 'no address'],
  ])('%s is refused', async (_name, location, reason) => {
    const url = await serving((_request, response) => response.writeHead(302, { location }).end());
    const error = await errorOf(bytesOf(clientOf(url), url));
    expect(error.code).toBe('REDIRECT_REFUSED');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('secret');
  });

  it('to a name that resolves to another address the next time is refused when it is connected to', async () => {
    const url = await serving((_request, response) =>
      response.writeHead(302, { location: 'https://cdn.test/x' }).end(),
    );
    const asked: string[] = [];
    const client = clientOf(
      url,
      {},
      {
        lookup: (hostname, _options, callback) => {
          asked.push(hostname);
          callback(null, [
            { address: '8.8.8.8', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ]);
        },
      },
    );
    expect((await errorOf(bytesOf(client, url))).code).toBe('REDIRECT_REFUSED');
    expect(asked).toEqual(['cdn.test']);
  });
});

describe('a redirect with a body', () => {
  it.each([
    ['that has no end', 1 << 20],
    ['that comes a byte at a time', 1],
  ])('%s does not hold up the request', async (_name, bytes) => {
    const url = await serving((request, response) => {
      if (request.url !== '/file') {
        response.end(CONTENT);
        return;
      }
      response.writeHead(302, { location: '/there' });
      const timer = setInterval(() => response.write(Buffer.alloc(bytes)), 20);
      response.once('close', () => {
        clearInterval(timer);
      });
    });
    const work = bytesOf(clientOf(url, { timeoutMs: 400 }), url, WHOLE);
    if (bytes > 1) expect((await work).equals(CONTENT)).toBe(true);
    else expect((await errorOf(work)).code).toBe('SOURCE_UNREACHABLE');
  });
});

describe('an authorization', () => {
  let keys: { key: string; cert: string };
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-tls-'));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=cdn.test'],
        ...['-addext', 'subjectAltName=DNS:cdn.test', '-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    keys = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    rmSync(folder, { recursive: true });
  });

  it('stays with the origin that was asked, also when it is redirected back', async () => {
    const seen: [string, string | undefined][] = [];
    let home = '';
    const away = await listening(
      createTlsServer(keys, (request, response) => {
        seen.push([`away ${request.url ?? ''}`, request.headers.authorization]);
        response.writeHead(302, { location: `${home}/back` }).end();
      }),
    );
    home = await serving((request, response) => {
      seen.push([`home ${request.url ?? ''}`, request.headers.authorization]);
      if (request.url === '/file') response.writeHead(307, { location: '/again' }).end();
      else if (request.url === '/again') response.writeHead(302, { location: `https://cdn.test:${away}/x` }).end();
      else response.end(CONTENT);
    });
    const client = clientOf(
      home,
      {},
      {
        ca: keys.cert,
        mayReach: () => true,
        lookup: (_hostname, _options, callback) => {
          callback(null, [{ address: '127.0.0.1', family: 4 }]);
        },
      },
    );
    const answer = await client.get({ ...file(home), authorization: 'Bearer secret', maxBytes: 100 }, never);
    expect(answer).toMatchObject({ status: 200, fromOrigin: false });
    expect(seen).toEqual([
      ['home /file', 'Bearer secret'],
      ['home /again', 'Bearer secret'],
      ['away /x', undefined],
      ['home /back', undefined],
    ]);
  });

  it('goes nowhere where a certificate is not trusted', async () => {
    const seen: unknown[] = [];
    const port = await listening(
      createTlsServer(keys, (request) => {
        seen.push(request.headers);
      }),
    );
    const url = `https://127.0.0.1:${port}`;
    const error = await errorOf(
      clientOf(url).get({ ...file(url), authorization: 'Bearer secret', maxBytes: 9 }, never),
    );
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', fault: 'network' });
    expect(seen).toEqual([]);
  });

  it('of a client without an endpoint goes to https and public addresses only', async () => {
    for (const url of ['http://example.org', 'https://127.0.0.1', 'https://localhost'])
      expect((await errorOf(bytesOf(clientOf(undefined), url))).code).toBe('REDIRECT_REFUSED');
  });
});
