import { mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { Reporter, RunEvent } from '@assay/core/contracts/reporter';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import reporters from '@assay/plugin-reporters';

const stopped = (rounds: number): RunEvent => ({ event: 'run-stopped', reason: 'rounds-done', rounds });
const progress: RunEvent = { event: 'metagraph-synced', block: 1, neurons: 2, commitments: 3, uid: null };

async function reporter(use: string, options: object, environment: Record<string, string> = {}): Promise<Reporter> {
  const found = reporters.provides.reporters?.[use];
  if (!found) throw new Error(`there is no ${use}`);
  const deps: PluginDeps = {
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    dataDir: tmpdir(),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment,
    log: () => undefined,
    resolvePath: (path) => path,
  };
  return found.create(found.options.parse(options), deps, new AbortController().signal);
}

describe('a file of events', () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'assay-reporter-'));
  const linesOf = (path: string): unknown[] =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));

  it('has one line for each event, in folders that it makes', async () => {
    const path = join(folder(), 'a', 'b', 'events.jsonl');
    const file = await reporter('file', { path });
    await file.report(progress, 1000);
    await file.report(stopped(1), 2000);
    expect(linesOf(path)).toEqual([
      { schemaVersion: 2, time: '1970-01-01T00:00:01.000Z', ...progress },
      { schemaVersion: 2, time: '1970-01-01T00:00:02.000Z', ...stopped(1) },
    ]);
  });

  it('holds the chosen events only, and goes on where the file was moved away', async () => {
    const path = join(folder(), 'events.jsonl');
    const file = await reporter('file', { path, events: ['run-stopped'] });
    await file.report(progress, 0);
    await file.report(stopped(1), 0);
    renameSync(path, `${path}.old`);
    await file.report(stopped(2), 0);
    expect([...linesOf(`${path}.old`), ...linesOf(path)]).toEqual([
      expect.objectContaining({ rounds: 1 }),
      expect.objectContaining({ rounds: 2 }),
    ]);
  });

  it('begins a new file when the old one is full, and keeps that one', async () => {
    const path = join(folder(), 'events.jsonl');
    const file = await reporter('file', { path, maxBytes: 1024 * 1024 });
    const big: RunEvent = { event: 'store-cleaned', removed: ['x'.repeat(600_000)], freedBytes: 1 };
    await file.report(big, 0);
    await file.report(big, 0);
    expect([linesOf(`${path}.1`).length, linesOf(path).length]).toEqual([1, 1]);
  });
});

describe('a webhook', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void;
  interface Service {
    url: string;
    bodies: unknown[];
    authorization: (string | undefined)[];
  }

  async function service(answer: Answer): Promise<Service> {
    const seen: Service = { url: '', bodies: [], authorization: [] };
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        seen.bodies.push(JSON.parse(body));
        seen.authorization.push(request.headers.authorization);
        answer(request, response, seen.bodies.length);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return Object.assign(seen, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` });
  }

  const status =
    (...codes: number[]): Answer =>
    (_request, response, number) =>
      void response.writeHead(codes[Math.min(number, codes.length) - 1] ?? 200).end();

  it('gets the chosen events as JSON, with the token from the environment', async () => {
    const hook = await service(status(204));
    const sent = await reporter(
      'webhook',
      { url: hook.url, tokenVariable: 'HOOK_TOKEN' },
      { HOOK_TOKEN: 'open sesame' },
    );
    await sent.report(progress, 0);
    await sent.report(stopped(3), 0);
    expect(hook.bodies).toEqual([{ schemaVersion: 2, time: '1970-01-01T00:00:00.000Z', ...stopped(3) }]);
    expect(hook.authorization).toEqual(['Bearer open sesame']);
  });

  it.each<[what: string, answer: Answer, requests: number, reason: string | undefined]>([
    ['takes it at the third request', status(503, 429, 200), 3, undefined],
    ['says that the event is wrong', status(400), 1, 'status 400'],
    [
      'sends it elsewhere',
      (_request, response) => void response.writeHead(302, { location: '/other' }).end(),
      1,
      'status 302',
    ],
    ['is down all the time', status(500), 3, 'status 500'],
    ['cuts the connection', (request) => request.socket.destroy(), 3, 'no connection'],
    ['never answers', () => undefined, 3, 'no answer within 100 ms'],
  ])('whose service %s', async (_what, answer, requests, reason) => {
    const hook = await service(answer);
    const sent = await reporter('webhook', { url: hook.url, attempts: 3, retryDelayMs: 1, timeoutMs: 100 });
    const outcome = await Promise.resolve(sent.report(stopped(1), 0)).then(
      () => undefined,
      (error: unknown) => (isAssayError(error) ? error : new Error('no coded error')),
    );
    expect(hook.bodies.length).toBe(requests);
    if (reason === undefined) expect(outcome).toBeUndefined();
    else expect(outcome?.message).toContain(reason);
    expect(String(outcome?.message)).not.toContain(hook.url);
  });

  it('waits as long as the service asks', async () => {
    const hook = await service(
      (_request, response, number) =>
        void response.writeHead(number === 1 ? 429 : 200, number === 1 ? { 'retry-after': '1' } : {}).end(),
    );
    const sent = await reporter('webhook', { url: hook.url, retryDelayMs: 1 });
    const startedAt = performance.now();
    await sent.report(stopped(1), 0);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it('is refused without the variable that it names', async () => {
    await expect(reporter('webhook', { url: 'http://127.0.0.1:1/', tokenVariable: 'NO_SUCH' })).rejects.toMatchObject({
      code: 'WEBHOOK_TOKEN_MISSING',
      fault: 'config',
    });
  });
});
