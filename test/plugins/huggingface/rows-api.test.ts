import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageQuery, RowSource } from '@assay/core/contracts/row-source';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import huggingFace from '@assay/plugin-huggingface';
import { parseBounded } from '@assay/lib-hub';
import { fakeService, json, rowsAnswer, type Answering } from './fake-services.js';

const never = new AbortController().signal;
const TOKEN = 'hf_aSecretOfTheOperator';
const COMMIT = '0123456789abcdef'.repeat(3).slice(0, 40);
const page: PageQuery = {
  dataset: 'bigcode/the-stack-v2-dedup',
  config: 'default',
  split: 'train',
  offset: 7,
  length: 50,
  gated: false,
};

async function source(options: Record<string, unknown>, environment: Record<string, string> = {}): Promise<RowSource> {
  const rows = huggingFace.provides.rows;
  if (!rows) throw new Error('the plugin provides no rows');
  const deps = {
    clock: systemClock,
    dataDir: mkdtempSync(join(tmpdir(), 'assay-rows-')),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment,
    log: () => undefined,
    resolvePath: (path: string) => path,
  };
  return rows.create(rows.options.parse(options), deps, never);
}

describe('the rows API', () => {
  it('gives rows, and the revision where the service tells it', async () => {
    const service = await fakeService((response) => {
      json(response, rowsAnswer(['one', 'two']), 200, { 'x-revision': COMMIT });
    });
    const rows = await source({ endpoint: service.url });
    expect(await rows.page(page, never)).toEqual({ rows: [{ text: 'one' }, { text: 'two' }], revision: COMMIT });
    expect(service.seen).toEqual([
      {
        method: 'GET',
        path: '/rows',
        query: { dataset: 'bigcode/the-stack-v2-dedup', config: 'default', split: 'train', offset: '7', length: '50' },
        authorization: undefined,
        range: undefined,
      },
    ]);
  });

  it.each([
    ['the token', TOKEN],
    ['the token in base64', Buffer.from(TOKEN).toString('base64')],
    ['the token in hex', Buffer.from(TOKEN).toString('hex')],
    ['a branch', 'main'],
    ['too much', COMMIT.repeat(200)],
    ['a commit and more', `${COMMIT} ${TOKEN}`],
  ])('gives no revision where it is none: %s', async (_what, revision) => {
    const service = await fakeService((response) => {
      json(response, rowsAnswer(['one']), 200, { 'x-revision': revision });
    });
    expect(
      await (await source({ endpoint: service.url }, { HF_TOKEN: TOKEN })).page({ ...page, gated: true }, never),
    ).toEqual({ rows: [{ text: 'one' }] });
  });

  it.each<[config: string, split: string]>([
    ['../../x', 'train'],
    ['a', 'train\n'],
    ['a\u2028b', 'train'],
    ['a\u001b[2J', 'train'],
    ['a'.repeat(201), 'train'],
    ['', 'train'],
    ['a', 'b\\c'],
    ['a', ''],
  ])('takes no config or split called %j, %j', async (config, split) => {
    const service = await fakeService((response) => {
      json(response, { size: { splits: [{ config, split, num_rows: 100 }] } });
    });
    const refused = (await source({ endpoint: service.url })).splits('a/b', never);
    await expect(refused).rejects.toMatchObject({
      code: 'ANSWER_MALFORMED',
      message: expect.stringMatching(
        /size\.splits\.0\.(config|split): not what a config or a split can be called$/,
      ) as unknown,
    });
  });

  it.each(['CC-MAIN-2013-20', '20231101.zh-min-nan', 'en-fr', 'C++', "a config (of 2), with 'all'", 'größer', '数据'])(
    'takes a config called %s',
    async (config) => {
      const service = await fakeService((response) => {
        json(response, { size: { splits: [{ config, split: 'train', num_rows: 100 }] } });
      });
      expect(await (await source({ endpoint: service.url })).splits('a/b', never)).toEqual([
        { config, split: 'train', rows: 100 },
      ]);
    },
  );

  it('gives sizes without a token, in the order of the service', async () => {
    const service = await fakeService((response) => {
      json(response, {
        size: {
          splits: [
            { config: 'b', split: 'train', num_rows: 9_007_199_254 },
            { config: 'a', split: 'test', num_rows: 3 },
          ],
        },
      });
    });
    const rows = await source({ endpoint: service.url }, { HF_TOKEN: TOKEN });
    expect(await rows.splits('HuggingFaceFW/fineweb', never)).toEqual([
      { config: 'b', split: 'train', rows: 9_007_199_254 },
      { config: 'a', split: 'test', rows: 3 },
    ]);
    expect(service.seen[0]).toMatchObject({
      path: '/size',
      query: { dataset: 'HuggingFaceFW/fineweb' },
      authorization: undefined,
    });
  });

  it('an endpoint may have a path of its own', async () => {
    const service = await fakeService((response) => {
      json(response, rowsAnswer([]));
    });
    await (await source({ endpoint: `${service.url}/mirror/of/it` })).page(page, never);
    expect(service.seen[0]?.path).toBe('/mirror/of/it/rows');
  });
});

const storm = Buffer.alloc(1024 * 1024, ' ');
/** Made before the clock runs: it takes longer than the silence that is borne. */
const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));

const manyKeys = Array.from({ length: 1_000_000 }, (_none, index) => `,"k${index}":1`).join('');

const misbehaving: [what: string, answering: Answering, expected: object][] = [
  [
    '500',
    (response) => response.writeHead(500).end('{}'),
    { code: 'REQUEST_FAILED', payload: { reason: 'status 500' } },
  ],
  [
    '404 of a public dataset',
    (response) => response.writeHead(404, { 'x-error-code': 'DatasetNotFoundError' }).end('{}'),
    { code: 'REQUEST_FAILED', payload: { reason: 'status 404 (DatasetNotFoundError)' } },
  ],
  [
    '429 that names seconds',
    (response) => response.writeHead(429, { 'retry-after': '17' }).end(),
    { code: 'REQUEST_FAILED', payload: { reason: 'status 429', retryAfterMs: 17_000 } },
  ],
  [
    '429 that names more seconds than there are',
    (response) => response.writeHead(429, { 'retry-after': '9'.repeat(400) }).end(),
    { code: 'REQUEST_FAILED', payload: { retryAfterMs: 86_400_000 } },
  ],
  [
    '429 that names a far date',
    (response) => response.writeHead(429, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }).end(),
    { code: 'REQUEST_FAILED', payload: { retryAfterMs: 86_400_000 } },
  ],
  [
    '429 that names nonsense',
    (response) => response.writeHead(429, { 'retry-after': 'soon' }).end(),
    { code: 'REQUEST_FAILED', payload: { reason: 'status 429' } },
  ],
  [
    'HTML instead of JSON',
    (response) => response.end('<!doctype html><title>busy</title>'),
    { code: 'REQUEST_FAILED', payload: { noJson: true } },
  ],
  [
    'JSON of another shape',
    (response) => response.end('{"error": "later"}'),
    { code: 'ANSWER_MALFORMED', fault: 'network' },
  ],
  ['rows without a row', (response) => response.end('{"rows": [{"row_idx": 1}]}'), { code: 'ANSWER_MALFORMED' }],
  [
    'JSON that is no object',
    (response) => response.end('[]'),
    { code: 'ANSWER_MALFORMED', message: expect.stringMatching(/can't be used: Invalid input[^:]*: /) as unknown },
  ],
  [
    'HTML full of brackets',
    (response) => response.end(`<script>${'[{'.repeat(1000)}</script>`),
    { code: 'REQUEST_FAILED', payload: { noJson: true } },
  ],
  [
    'brackets without end',
    (response) => response.end('['.repeat(10_000_000)),
    { code: 'ANSWER_MALFORMED', payload: { reason: 'it is nested deeper than 64 levels' } },
  ],
  [
    'a row that is too deep',
    (response) => response.end(`{"rows": [{"row": {"text": "a", "deep": ${'['.repeat(100)}${']'.repeat(100)}}}]}`),
    { code: 'ANSWER_MALFORMED', payload: { reason: 'it is nested deeper than 64 levels' } },
  ],
  [
    'lists without end',
    (response) => response.end(`{"rows": [{"row": {"text": "a", "more": [${'[],'.repeat(4_000_000)}[]]}}]}`),
    { code: 'ANSWER_MALFORMED', payload: { reason: 'it has more than 500000 parts' } },
  ],
  [
    'keys without end',
    (response) => response.end(`{"rows": [{"row": {"text": "a"${manyKeys}}}]}`),
    { code: 'ANSWER_MALFORMED', payload: { reason: 'it has more than 500000 parts' } },
  ],
  ['a reset before the answer', (_response, _seen, request) => request.socket.destroy(), { code: 'REQUEST_FAILED' }],
  [
    'a reset in the middle of the body',
    (response, _seen, request) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"rows": [');
      setTimeout(() => request.socket.destroy(), 20);
    },
    { code: 'REQUEST_FAILED' },
  ],
  ['silence', () => undefined, { code: 'REQUEST_FAILED', payload: { reason: 'nothing came for 0.3 s' } }],
  [
    'a byte now and then',
    (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => {
        clearInterval(drip);
      });
    },
    { code: 'REQUEST_FAILED', payload: { reason: 'it took longer than 1.2 s' } },
  ],
  [
    'a body without end',
    (response) => {
      const pour = (): void => {
        while (response.write(storm));
        response.once('drain', pour);
      };
      response.writeHead(200, { 'content-length': String(10 * 1024 ** 3) });
      pour();
    },
    { code: 'REQUEST_FAILED', payload: { reason: 'the body is longer than 16777216 bytes' } },
  ],
  [
    'a small gzip of a large body',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    { code: 'REQUEST_FAILED', payload: { reason: 'the body is longer than 16777216 bytes' } },
  ],
  [
    'a gzip that is cut off',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"rows": []}').subarray(0, 15)),
    { code: 'REQUEST_FAILED' },
  ],
  [
    'redirects in a circle',
    (response) => response.writeHead(302, { location: '/rows' }).end(),
    { code: 'REQUEST_FAILED', payload: { reason: 'more than 5 redirects' } },
  ],
  [
    'a redirect to a user',
    (response) => response.writeHead(302, { location: 'http://user:hf_echo@127.0.0.1/rows' }).end(),
    { code: 'REQUEST_FAILED', payload: { reason: 'a redirect to an address with a user name' } },
  ],
  [
    'a redirect to a file',
    (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    { code: 'REQUEST_FAILED', payload: { reason: 'a redirect to file:' } },
  ],
];

describe('an address with a password is refused, and not repeated', () => {
  const ADDRESS = 'http://operator:itsPassword@mirror.example/';
  const WORDS = 'no user name or password may stand in an address: it is shown in messages';

  it.each(['endpoint', 'hubUrl'])('as %s', async (option) => {
    const refused = source({ [option]: ADDRESS });
    await expect(refused).rejects.toMatchObject({ issues: [{ path: [option], message: WORDS }] });
    expect(await refused.catch((error: unknown) => String(error))).not.toMatch(/operator|itsPassword/);
  });

  it('as HF_ENDPOINT', async () => {
    const refused = source({ source: 'parquet' }, { HF_ENDPOINT: ADDRESS });
    await expect(refused).rejects.toMatchObject({
      code: 'ENDPOINT_UNUSABLE',
      fault: 'config',
      message: `HF_ENDPOINT can't be used: ${WORDS}`,
    });
    expect(await refused.catch((error: unknown) => JSON.stringify(error))).not.toMatch(/operator|itsPassword/);
    await expect(source({ source: 'parquet' }, { HF_ENDPOINT: 'mirror.example' })).rejects.toMatchObject({
      code: 'ENDPOINT_UNUSABLE',
      message: expect.stringContaining('https://') as unknown,
    });
  });
});

describe('an answer in bounds is read as JSON is', () => {
  it('whatever it holds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (text) => {
        expect(parseBounded(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('brackets and commas of a text do not count, wherever its quotes are', () => {
    const row = { text: '[{,:"\\'.repeat(200_000), '[["\\': '\\"[' };
    expect(parseBounded(Buffer.from(JSON.stringify({ rows: [row, row] })))).toEqual({ rows: [row, row] });
  });

  it('rows with lists of ten thousand numbers are', () => {
    const rows = Array.from({ length: 49 }, () => ({
      row: { text: 'a', numbers: Array.from({ length: 10_000 }, (_none, index) => index / 7) },
    }));
    expect(parseBounded(Buffer.from(JSON.stringify({ rows })))).toEqual({ rows });
  });
});

describe('a service that misbehaves is told apart from one that will not have it', () => {
  it.each(misbehaving)('%s', async (_what, answering, expected) => {
    const service = await fakeService(answering);
    const rows = await source({ endpoint: service.url, timeoutMs: 300 });
    await expect(rows.page(page, never)).rejects.toMatchObject(expected);
  });

  it('and one that is not there', async () => {
    const rows = await source({ endpoint: 'http://127.0.0.1:9' });
    await expect(rows.page(page, never)).rejects.toMatchObject({ code: 'REQUEST_FAILED', fault: 'network' });
  });

  it('a request ends with its signal', async () => {
    const service = await fakeService(() => undefined);
    const stop = new AbortController();
    const asking = (await source({ endpoint: service.url })).page(page, stop.signal);
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 50);
    await expect(asking).rejects.toThrow('enough');
  });
});

describe('the token', () => {
  const gated = { ...page, gated: true };

  it('goes with requests for a gated dataset, and with no other', async () => {
    const service = await fakeService((response) => {
      json(response, rowsAnswer([]));
    });
    const rows = await source({ endpoint: service.url }, { HF_TOKEN: ` ${TOKEN}\n` });
    await rows.page(gated, never);
    await rows.page(page, never);
    expect(service.seen.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, undefined]);
  });

  it.each(['HF_TOKEN_PATH', 'HF_HOME', 'XDG_CACHE_HOME', 'HOME'])(
    "is found in the file that the hub's tools keep: %s",
    async (variable) => {
      const folder = mkdtempSync(join(tmpdir(), 'assay-token-'));
      const path =
        {
          HF_TOKEN_PATH: 'token',
          HF_HOME: 'token',
          XDG_CACHE_HOME: 'huggingface/token',
          HOME: '.cache/huggingface/token',
        }[variable] ?? '';
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), `${TOKEN}\n`);
      const service = await fakeService((response) => {
        json(response, rowsAnswer([]));
      });
      await (
        await source(
          { endpoint: service.url },
          { HOME: '/nonexistent', [variable]: variable === 'HF_TOKEN_PATH' ? join(folder, path) : folder },
        )
      ).page(gated, never);
      expect(service.seen[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    },
  );

  it('is missed before anything is asked for', async () => {
    const service = await fakeService((response) => response.end('{}'));
    const rows = await source({ endpoint: service.url }, { HOME: '/nonexistent' });
    await expect(rows.page(gated, never)).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
      fault: 'config',
      message: expect.stringContaining('HF_TOKEN') as unknown,
      hint: expect.stringContaining('https://huggingface.co/datasets/bigcode/the-stack-v2-dedup') as unknown,
    });
    expect(service.seen).toEqual([]);
  });

  it.each([
    [401, {}],
    [403, {}],
    [401, { 'x-error-code': TOKEN }],
    [404, { 'x-error-code': 'ExternalAuthenticatedError' }],
  ])('that is refused with %i is named, but not shown', async (status, headers) => {
    const service = await fakeService((response, { authorization }) => {
      json(response, { error: `you sent ${authorization}` }, status, { ...headers, 'x-echo': authorization ?? '' });
    });
    const refused = (await source({ endpoint: service.url }, { HF_TOKEN: TOKEN })).page(gated, never);
    await expect(refused).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      message: expect.stringContaining('HF_TOKEN') as unknown,
    });
    expect(
      await refused.catch((error: unknown) => JSON.stringify(error) + String((error as Error).stack)),
    ).not.toContain(TOKEN);
  });

  it('that holds a line break is refused before it is sent', async () => {
    const service = await fakeService((response) => response.end('{}'));
    const rows = await source({ endpoint: service.url }, { HF_TOKEN: 'hf_a\r\nhost: evil' });
    await expect(rows.page(gated, never)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' });
    expect(service.seen).toEqual([]);
  });

  it('never follows a redirect to another host, nor comes back from there', async () => {
    const home = await fakeService(() => undefined);
    const elsewhere = await fakeService((response) =>
      response.writeHead(307, { location: `${home.url}/rows/moved` }).end(),
    );
    home.answer = (response, { path }) => {
      if (path === '/rows') response.writeHead(302, { location: '/rows/here' }).end();
      else if (path === '/rows/here') response.writeHead(302, { location: `${elsewhere.url}/there` }).end();
      else json(response, rowsAnswer(['text']));
    };
    const rows = await source({ endpoint: home.url }, { HF_TOKEN: TOKEN });
    expect((await rows.page(gated, never)).rows).toEqual([{ text: 'text' }]);
    expect(home.seen.map(({ path, authorization }) => [path, authorization !== undefined])).toEqual([
      ['/rows', true],
      ['/rows/here', true],
      ['/rows/moved', false],
    ]);
    expect(elsewhere.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});
