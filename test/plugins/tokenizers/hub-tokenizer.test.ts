import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import tokenizers from '@assay/plugin-tokenizers';
import { fakeService, json, type FakeService } from '../huggingface/fake-services.js';

const DEMO = join(import.meta.dirname, '../../../competitions/demo/assets/tokenizer');
const COMMITS = ['1'.repeat(40), '2'.repeat(40)];
const never = new AbortController().signal;

let hub: FakeService;
let head: string;
beforeEach(async () => {
  head = COMMITS[0] ?? '';
  hub = await fakeService((response, { path, range }) => {
    if (path.startsWith('/api/models/')) {
      json(response, {
        _id: 'x',
        id: 'someone/tokens',
        modelId: 'someone/tokens',
        sha: head,
        private: false,
        gated: false,
        downloads: 0,
        likes: 0,
        lastModified: '2024-01-01T00:00:00.000Z',
      });
      return;
    }
    const [, commit = '', name = ''] =
      /^\/someone\/tokens\/resolve\/(\w+)\/(tokenizer(?:_config)?\.json)$/.exec(path) ?? [];
    if (!COMMITS.includes(commit)) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    const content = readFileSync(join(DEMO, name));
    const [, start = '0', end = String(content.length - 1)] = /^bytes=(\d+)-(\d+)?$/.exec(range ?? '') ?? [];
    const part = content.subarray(Number(start), Number(end) + 1);
    response
      .writeHead(range === undefined ? 200 : 206, {
        etag: `"${commit}${name}"`,
        'content-range': `bytes ${start}-${Number(start) + part.length - 1}/${content.length}`,
        'content-length': part.length,
      })
      .end(part);
  });
});

const folder = (): string => mkdtempSync(join(tmpdir(), 'assay-hub-'));
async function load(dataDir: string, revision = 'main', endpoint = hub.url): Promise<Tokenizer> {
  const provided = tokenizers.provides.tokenizer;
  if (!provided) throw new Error('tokenizers provides a tokenizer');
  const deps = {
    clock: systemClock,
    dataDir,
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: { HF_ENDPOINT: endpoint },
    log: () => undefined,
    resolvePath: (path: string) => path,
  };
  return (await provided.create({}, deps, never)).load({ kind: 'hub', repo: 'someone/tokens', revision }, never);
}

describe('a tokenizer from the hub', () => {
  it('is that of the folder, by its commit', async () => {
    const tokenizer = await load(folder());
    expect(tokenizer).toMatchObject({ name: `someone/tokens@${COMMITS[0]}`, eosTokenId: 1023, vocabularySize: 1024 });
    expect(tokenizer.decode(tokenizer.encode('SQLite is a library'))).toBe('SQLite is a library');
    expect(hub.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('is not asked for at an address with a password', async () => {
    const refused = load(folder(), 'main', hub.url.replace('//', '//operator:itsPassword@'));
    await expect(refused).rejects.toMatchObject({ code: 'ENDPOINT_UNUSABLE', fault: 'config' });
    expect(await refused.catch((error: unknown) => JSON.stringify(error))).not.toMatch(/operator|itsPassword/);
    expect(hub.seen).toEqual([]);
  });

  it('is fetched once a commit', async () => {
    const dataDir = folder();
    const first = await load(dataDir);
    const asked = hub.seen.length;
    expect((await load(dataDir)).digest).toBe(first.digest);
    // Only where the branch is now.
    expect(hub.seen.slice(asked).map(({ path }) => path)).toEqual([
      expect.stringContaining('/api/models/someone/tokens'),
    ]);
    head = COMMITS[1] ?? '';
    expect((await load(dataDir)).name).toBe(`someone/tokens@${COMMITS[1]}`);
  });

  it('at a commit asks for nothing but its files', async () => {
    const dataDir = folder();
    await load(dataDir, COMMITS[1]);
    expect(hub.seen.filter(({ path }) => path.startsWith('/api'))).toEqual([]);
    const asked = hub.seen.length;
    await load(dataDir, COMMITS[1]);
    expect(hub.seen.length).toBe(asked);
  });

  it('is the one of the last start where the hub is down, and an error where there was none', async () => {
    const dataDir = folder();
    await load(dataDir);
    expect((await load(dataDir, 'main', 'http://127.0.0.1:9')).name).toBe(`someone/tokens@${COMMITS[0]}`);
    await expect(load(folder(), 'main', 'http://127.0.0.1:9')).rejects.toMatchObject({
      code: 'TOKENIZER_UNAVAILABLE',
      fault: 'network',
    });
  });

  it.each([
    ['a repo without one', '3'.repeat(40)],
    ['a server that breaks off', COMMITS[0] ?? ''],
  ])('is refused with a reason: %s', async (what, revision) => {
    if (what.includes('breaks')) hub.answer = (_response, _seen, request) => request.socket.destroy();
    await expect(load(folder(), revision)).rejects.toMatchObject({
      code: 'TOKENIZER_UNAVAILABLE',
      message: expect.stringContaining('someone/tokens') as unknown,
    });
  });
});

const MIB = Buffer.alloc(1024 * 1024, ' ');
/** Writes until the other side has had enough. */
function pour(response: ServerResponse, poured: { bytes: number }): void {
  const more = (): void => {
    do poured.bytes += MIB.length;
    while (response.write(MIB));
  };
  response.on('drain', more);
  more();
}

describe('a hub that answers badly', () => {
  const spoilTokenizer = (spoil: (response: ServerResponse, content: Buffer) => void): void => {
    const answer = hub.answer;
    hub.answer = (response, seen, request) => {
      // Its length is told as it is.
      if (seen.path.endsWith('/tokenizer.json') && seen.range === undefined)
        spoil(response, readFileSync(join(DEMO, 'tokenizer.json')));
      else answer(response, seen, request);
    };
  };

  it.each<[what: string, spoil: (response: ServerResponse, content: Buffer) => void, reason: string]>([
    ['a page of HTML', (response) => response.end('<!doctype html><title>Sign in</title>'), '37 came'],
    [
      'a page of HTML as long as the file',
      (response, content) => response.end('<html>'.padEnd(content.length)),
      'web page (HTML)',
    ],
    ['half of it', (response, content) => response.end(content.subarray(0, content.length / 2)), 'came'],
    ['more than there is', (response, content) => response.end(Buffer.concat([content, Buffer.from(' ')])), 'came'],
    ['another JSON', (response, content) => response.end('{"error": "later"}'.padEnd(content.length)), 'no vocabulary'],
    [
      'a line for the terminal',
      (response) =>
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"error": "\\u001b[2J\\nAll is well"}'),
      ': status 500',
    ],
  ])('with %s is asked again at the next start: nothing of it is kept', async (_what, spoil, reason) => {
    const dataDir = folder();
    const healthy = hub.answer;
    spoilTokenizer(spoil);
    const refused = load(dataDir);
    await expect(refused).rejects.toMatchObject({
      code: 'TOKENIZER_UNAVAILABLE',
      fault: 'network',
      message: expect.stringContaining(reason) as unknown,
    });
    expect(await refused.catch((error: unknown) => (error as Error).message)).toMatch(/^[\P{C}]+$/u);
    expect(readdirSync(join(dataDir, 'someone/tokens'))).toEqual(['refs']);
    hub.answer = healthy;
    expect((await load(dataDir)).vocabularySize).toBe(1024);
  });

  it('is not blamed for a tokenizer that is refused for what it is', async () => {
    spoilTokenizer((response, content) =>
      response.end(content.toString().replace('"dropout": null', '"dropout": 0.25')),
    );
    const dataDir = folder();
    await expect(load(dataDir)).rejects.toMatchObject({ code: 'TOKENIZER_NOT_FOLLOWED', fault: 'config' });
    expect(readdirSync(join(dataDir, 'someone/tokens'))).toEqual(['refs']);
  });

  it.each<[what: string, spoil: (path: string) => void]>([
    [
      'is cut off',
      (path) => {
        truncateSync(join(path, 'tokenizer.json'), 100);
      },
    ],
    [
      'lacks a file',
      (path) => {
        rmSync(join(path, 'tokenizer_config.json'));
      },
    ],
    [
      'is a file',
      (path) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, '');
      },
    ],
  ])('and a kept tokenizer that %s is fetched anew', async (_what, spoil) => {
    const dataDir = folder();
    const { digest } = await load(dataDir);
    spoil(join(dataDir, 'someone/tokens', head));
    expect((await load(dataDir)).digest).toBe(digest);
    const asked = hub.seen.length;
    expect((await load(dataDir, head)).digest).toBe(digest);
    expect(hub.seen.length).toBe(asked);
  });

  it.each<[what: string, prefix: string, status: number, most: number]>([
    ['a file', '/someone/tokens/', 200, 64],
    ['what it knows of a repo', '/api/', 200, 1],
    ['an error', '/api/', 500, 1],
  ])('without end is left after a while: %s', async (_what, prefix, status, most) => {
    const answer = hub.answer;
    const poured = { bytes: 0 };
    const closed = new Promise((resolve) => {
      hub.answer = (response, seen, request) => {
        if (!seen.path.startsWith(prefix) || seen.range !== undefined) {
          answer(response, seen, request);
          return;
        }
        response.on('close', resolve);
        pour(response.writeHead(status), poured);
      };
    });
    await expect(load(folder())).rejects.toMatchObject({
      code: 'TOKENIZER_UNAVAILABLE',
      message: expect.stringContaining(`the answer is longer than ${most * MIB.length} bytes`) as unknown,
    });
    await closed;
    // Some more is on its way.
    expect(poured.bytes).toBeLessThan((most + 32) * MIB.length);
  });
});
