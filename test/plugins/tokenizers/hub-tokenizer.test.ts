import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { systemClock } from '@assay/core/runtime/system-clock';
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
      json(response, { _id: 'x', id: 'someone/tokens', modelId: 'someone/tokens', sha: head, private: false, gated: false, downloads: 0, likes: 0, lastModified: '2024-01-01T00:00:00.000Z' });
      return;
    }
    const [, commit = '', name = ''] = /^\/someone\/tokens\/resolve\/(\w+)\/(tokenizer(?:_config)?\.json)$/.exec(path) ?? [];
    if (!COMMITS.includes(commit)) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    const content = readFileSync(join(DEMO, name));
    const [, start = '0', end = String(content.length - 1)] = /^bytes=(\d+)-(\d+)?$/.exec(range ?? '') ?? [];
    const part = content.subarray(Number(start), Number(end) + 1);
    response.writeHead(range === undefined ? 200 : 206, { etag: `"${commit}${name}"`, 'content-range': `bytes ${start}-${Number(start) + part.length - 1}/${content.length}`, 'content-length': part.length }).end(part);
  });
});

const folder = (): string => mkdtempSync(join(tmpdir(), 'assay-hub-'));
async function load(dataDir: string, revision = 'main', endpoint = hub.url): Promise<Tokenizer> {
  const provided = tokenizers.provides.tokenizer;
  if (!provided) throw new Error('tokenizers provides a tokenizer');
  const deps = { clock: systemClock, dataDir, netuid: 9, modules: [], environment: { HF_ENDPOINT: endpoint }, log: () => undefined, resolvePath: (path: string) => path };
  return (await provided.create({}, deps, never)).load({ kind: 'hub', repo: 'someone/tokens', revision }, never);
}

describe('a tokenizer from the hub', () => {
  it('is that of the folder, by its commit', async () => {
    const tokenizer = await load(folder());
    expect(tokenizer).toMatchObject({ name: `someone/tokens@${COMMITS[0]}`, eosTokenId: 1023, vocabularySize: 1024 });
    expect(tokenizer.decode(tokenizer.encode('SQLite is a library'))).toBe('SQLite is a library');
    expect(hub.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('is fetched once a commit', async () => {
    const dataDir = folder();
    const first = await load(dataDir);
    const asked = hub.seen.length;
    expect((await load(dataDir)).digest).toBe(first.digest);
    // Only where the branch is now.
    expect(hub.seen.slice(asked).map(({ path }) => path)).toEqual([expect.stringContaining('/api/models/someone/tokens')]);
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
    await expect(load(folder(), 'main', 'http://127.0.0.1:9')).rejects.toMatchObject({ code: 'TOKENIZER_UNAVAILABLE', fault: 'network' });
  });

  it.each([
    ['a repo without one', '3'.repeat(40)],
    ['a server that breaks off', COMMITS[0] ?? ''],
  ])('is refused with a reason: %s', async (what, revision) => {
    if (what.includes('breaks')) hub.answer = (_response, _seen, request) => request.socket.destroy();
    await expect(load(folder(), revision)).rejects.toMatchObject({ code: 'TOKENIZER_UNAVAILABLE', message: expect.stringContaining('someone/tokens') as unknown });
  });
});
