import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import theStackV2 from '../dist/index.js';
import { decoded } from '../dist/source-text.js';
import type { DatasetProvider, DatasetSample } from '@assay/core/contracts/dataset-provider';
import type { Page, RowSource } from '@assay/core/contracts/row-source';
import { asDataset } from '@assay/core/datasets/document-dataset';
import type { DatasetDeps } from '@assay/core/plugin/plugin';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { letters } from '../../../test/letters.js';
import { before, KEYS, s3Server, type Spoiling } from '../../../test/s3-server.js';

const never = new AbortController().signal;
const TEXTS = ['first\n', 'zweite Ü', 'третья', '第四'];
const CONTENTS = new Map([
  ['b0', gzipSync(TEXTS[0] ?? '')],
  ['b1', gzipSync(Buffer.from('zweite \xdc', 'latin1'))],
  ['b2', gzipSync(Buffer.from([0xf2, 0xf0, 0xe5, 0xf2, 0xfc, 0xff]))],
  ['b3', gzipSync(Buffer.from([0xb5, 0xda, 0xcb, 0xc4]))],
  ['cut', gzipSync('a text that is cut off').subarray(0, 25)],
  ['plain', Buffer.from('not packed at all')],
  ['bomb', gzipSync(Buffer.alloc(100 * 1024 * 1024, 'a'))],
  ['garbage', gzipSync(Buffer.from([0x66, 0xff, 0xfe]))],
]);
const ROWS = [
  { blob_id: 'b0', src_encoding: 'UTF-8' },
  { blob_id: 'b1', src_encoding: 'ISO-8859-1' },
  { blob_id: 'b2', src_encoding: 'windows-1251' },
  { blob_id: 'b3', src_encoding: 'GB18030' },
];

/** A source that answers every page with the same rows. */
function rowsOf(rows: readonly Record<string, unknown>[], maxInFlight = 8): RowSource & { pages: number } {
  return {
    description: 'rows',
    maxInFlight,
    pages: 0,
    page(): Promise<Page> {
      this.pages += 1;
      return Promise.resolve({ rows });
    },
    splits: () => Promise.resolve([]),
  };
}

async function stack(
  rows: RowSource,
  options: Record<string, unknown>,
): Promise<{ dataset: DatasetProvider; sleeps: number[] }> {
  const provided = theStackV2.provides.datasets?.['bigcode/the-stack-v2-dedup'];
  if (!provided) throw new Error('the dataset is not provided');
  const sleeps: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number): Promise<void> => {
      sleeps.push(ms);
      return Promise.resolve();
    },
  };
  const deps: DatasetDeps = {
    rows,
    clock,
    dataDir: mkdtempSync(join(tmpdir(), 'assay-stack-')),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: () => undefined,
    resolvePath: (path) => path,
  };
  return { dataset: asDataset(await provided.create(provided.options.parse(options), deps, never)), sleeps };
}

const draw = (dataset: DatasetProvider, sequenceLength = 30): Promise<DatasetSample> =>
  dataset.sample({ seed: 1n, tokenizer: letters, sequenceLength, batchSize: 1, pages: 1, packSamples: true }, never);

const streamOf = (texts: readonly string[]): number[] => texts.flatMap((text) => [...letters.encode(text), 0]);

let endpoint: string;
beforeEach(async () => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('HOME', '/nonexistent');
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
  endpoint = await s3Server(CONTENTS);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('The Stack v2', () => {
  it('has the text of each row from the bucket, in the order of the rows', async () => {
    const { dataset } = await stack(rowsOf(ROWS), { endpoint });
    const { batches } = await draw(dataset, 26);
    expect(batches.flat(2)).toEqual(streamOf(TEXTS));
  });

  it('is fetched once: a second request is answered from disk', async () => {
    const rows = rowsOf(ROWS);
    const { dataset } = await stack(rows, { endpoint });
    const first = await draw(dataset, 20);
    expect(await draw(dataset, 20)).toEqual(first);
    expect(rows.pages).toBe(1);
    await draw(dataset, 10);
    expect(rows.pages).toBe(2);
  });

  const spoiled: [what: string, spoiling: (times: number) => Spoiling][] = [
    [
      'a reset in the middle of a blob',
      (times) => (request, response, pass) => {
        if (!request.url?.includes('b2') || times-- <= 0) {
          pass();
          return;
        }
        response.writeHead(200, { 'content-length': '999' }).write('half');
        setTimeout(() => request.socket.destroy(), 20);
      },
    ],
    [
      'a refusal of a blob',
      (times) => (request, response, pass) => {
        if (!request.url?.includes('b2') || times-- <= 0) {
          pass();
          return;
        }
        response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      },
    ],
  ];
  it.each(spoiled)('%s: the page is asked for again, and what came before stays', async (_what, spoiling) => {
    const proxy = await before(endpoint, spoiling(2));
    const rows = rowsOf(ROWS);
    const { dataset, sleeps } = await stack(rows, { endpoint: proxy.url });
    const expected = streamOf([...TEXTS.slice(0, 2), ...TEXTS.slice(0, 2), ...TEXTS]);
    const { batches } = await draw(dataset, expected.length);
    expect(batches.flat(2)).toEqual(expected);
    expect([rows.pages, sleeps]).toEqual([3, [5000, 5000]]);
  });

  it('a server that fails at times is asked again by the client itself', async () => {
    let left = 2;
    const proxy = await before(endpoint, (_request, response, pass) => {
      if (left-- > 0) response.writeHead(500).end();
      else pass();
    });
    const rows = rowsOf(ROWS, 1);
    const { dataset, sleeps } = await stack(rows, { endpoint: proxy.url });
    expect((await draw(dataset, 26)).batches.flat(2)).toEqual(streamOf(TEXTS));
    expect([rows.pages, sleeps]).toEqual([1, []]);
  });

  it('a blob that is not there fails the page fifteen times, and then the task', async () => {
    const rows = rowsOf([
      { blob_id: 'b0', src_encoding: 'UTF-8' },
      { blob_id: 'gone', src_encoding: 'UTF-8' },
    ]);
    const { dataset, sleeps } = await stack(rows, { endpoint });
    await expect(draw(dataset)).rejects.toMatchObject({
      code: 'REQUESTS_EXHAUSTED',
      message: expect.stringContaining('NoSuchKey') as unknown,
    });
    expect([rows.pages, sleeps.length]).toEqual([15, 14]);
  });

  it.each<[what: string, row: Record<string, unknown>, reason: string]>([
    ['a gzip that is cut off', { blob_id: 'cut', src_encoding: 'UTF-8' }, 'no whole gzip'],
    ['no gzip at all', { blob_id: 'plain', src_encoding: 'UTF-8' }, 'no whole gzip'],
    ['a gzip of more than anyone reads', { blob_id: 'bomb', src_encoding: 'UTF-8' }, 'no whole gzip'],
    ['bytes that its encoding does not have', { blob_id: 'garbage', src_encoding: 'UTF-8' }, 'no UTF-8'],
    ['an encoding that nobody knows', { blob_id: 'b0', src_encoding: 'EBCDIC-from-Mars' }, 'nobody here knows'],
    ['no blob', { blob_id: null, src_encoding: 'UTF-8' }, 'no blob_id'],
    ['a blob that leads elsewhere', { blob_id: '../../secrets', src_encoding: 'UTF-8' }, 'no blob_id'],
    ['no encoding', { blob_id: 'b0' }, 'no src_encoding'],
  ])("%s fails the task at once, as it fails everybody else's", async (_what, row, reason) => {
    const rows = rowsOf([ROWS[0] ?? {}, row]);
    const { dataset, sleeps } = await stack(rows, { endpoint });
    await expect(draw(dataset)).rejects.toMatchObject({
      code: 'ROW_UNUSABLE',
      fault: 'network',
      message: expect.stringContaining(reason) as unknown,
    });
    expect([rows.pages, sleeps]).toEqual([1, []]);
  });
});

describe('an error of the bucket', () => {
  const failing = async (spoiling: Spoiling): Promise<string> => {
    const proxy = await before(endpoint, spoiling);
    const { dataset } = await stack(rowsOf(ROWS, 1), { endpoint: proxy.url });
    const failed: unknown = await draw(dataset).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'REQUESTS_EXHAUSTED', fault: 'network' });
    return (failed as Error).message;
  };
  const xml = (content: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`;

  it.each<[what: string, body: string, reason: string]>([
    ['its code', xml('<Code>SlowDownAndWait</Code>'), 'SlowDownAndWait'],
    ['its status where the code is for a terminal', xml('<Code>\u001b[2JAccessDenied</Code>'), 'status 400'],
    ['its status where the code is a text', xml('<Code>You sent AKIA and more</Code>'), 'status 400'],
    ['its status where the code is endless', xml(`<Code>${'a'.repeat(3_000_000)}</Code>`), 'status 400'],
    ['its status where the code is long', xml(`<Code>${'a'.repeat(61)}</Code>`), 'status 400'],
    [
      'its status where the code lets the message through',
      xml('<Code>Error</Code><Message>You sent AKIA</Message>'),
      'status 400',
    ],
    ['its status where it is cut off', '<Error><Co', 'status 400'],
    ['its status where it is no XML', '{"code": "AKIA"}', 'status 400'],
  ])('is told by %s', async (_what, body, reason) => {
    expect(await failing((_request, response) => response.writeHead(400).end(body))).toMatch(
      new RegExp(` failed: ${reason}$`),
    );
  });

  it('has as much of a body as errors have: the rest is left where it is', async () => {
    const part = Buffer.alloc(1024 * 1024, ' ');
    const poured: number[] = [];
    const message = await failing((_request, response) => {
      const index = poured.push(0) - 1;
      const more = (): void => {
        do poured[index] = (poured[index] ?? 0) + 1;
        while (response.write(part));
      };
      response.writeHead(500).on('drain', more);
      more();
    });
    expect(message).toMatch(/ failed: status 500$/);
    // Fifteen requests, each made three times by the client itself; buffers of the machine hold some.
    expect(poured.length).toBe(45);
    expect(Math.max(...poured)).toBeLessThan(32);
  }, 60_000);
});

describe('credentials of the bucket', () => {
  const check = async (options: Record<string, unknown>): Promise<void> =>
    (await stack(rowsOf(ROWS), { endpoint, ...options })).dataset.requireAccess?.(never);

  it('are accepted', async () => {
    await expect(check({})).resolves.toBeUndefined();
  });

  it('may be in a profile', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'assay-aws-')), 'credentials');
    writeFileSync(
      file,
      `[validator]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`,
    );
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_PROFILE', 'validator');
    await expect(check({})).resolves.toBeUndefined();
  });

  it('that are missing are named', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    await expect(check({})).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
      message: expect.stringContaining('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY') as unknown,
    });
  });

  it('that are wrong are refused, and not shown', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAWRONG');
    const refused = check({});
    await expect(refused).rejects.toMatchObject({
      code: 'CREDENTIAL_REFUSED',
      fault: 'config',
      payload: { reason: 'InvalidAccessKeyId' },
    });
    expect(
      await refused.catch((error: unknown) => JSON.stringify(error) + String((error as Error).stack)),
    ).not.toContain('AKIAWRONG');
  });

  // The server of these tests does not look at signatures: AWS's own answer is given in its place.
  it.each(['SignatureDoesNotMatch', 'AccessDenied', 'ExpiredToken'])(
    'that AWS answers with %s are refused',
    async (code) => {
      const proxy = await before(endpoint, (request, response) => {
        response.writeHead(403, { 'content-type': 'application/xml' });
        response.end(
          `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>You sent ${request.headers.authorization}</Message><RequestId>1</RequestId></Error>`,
        );
      });
      const refused = check({ endpoint: proxy.url });
      await expect(refused).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED', payload: { reason: code } });
      expect(await refused.catch((error: unknown) => JSON.stringify(error))).not.toContain('AWS4-HMAC');
    },
  );

  it('do not stand in the address of a mirror', async () => {
    const refused = check({ endpoint: endpoint.replace('//', '//operator:itsPassword@') });
    await expect(refused).rejects.toThrow('no user name or password may stand in an address');
    expect(await refused.catch((error: unknown) => String(error))).not.toMatch(/operator|itsPassword/);
  });

  it('are not sent to a mirror that wants none', async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await before(endpoint, (request, _response, pass) => {
      seen.push(request.headers.authorization);
      pass();
    });
    await (
      await stack(rowsOf(ROWS), { endpoint: proxy.url, anonymous: true })
    ).dataset
      .requireAccess?.(never)
      .catch(() => undefined);
    expect(seen).toEqual([undefined]);
  });
});

describe('texts are decoded strictly, as Python decodes them', () => {
  it.each([
    ['UTF-8', [0xef, 0xbb, 0xbf, 0x61], '\uFEFFa'],
    ['utf_8', [0xc3, 0xa9], 'é'],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 'a'],
    ['ascii', [0x61], 'a'],
    ['windows-1252', [0x80], '€'],
    ['Shift_JIS', [0x82, 0xa0], 'あ'],
    ['Shift_JIS', [0x81, 0x60, 0x81, 0x7c], '〜−'],
    ['GB2312', [0xa1, 0xaa], '―'],
    ['EUC-KR', [0xb0, 0xa1], '가'],
    ['BIG5', [0xa4, 0xa4], '中'],
    ['KOI8-R', [0xc1], 'а'],
    ['ISO-2022-JP', [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42], 'あ'],
    ['UTF-8', [0xef, 0xbf, 0xbd], '\uFFFD'],
    ['GB18030', [0x84, 0x31, 0xa4, 0x37], '\uFFFD'],
  ])('%s', (encoding, bytes, text) => {
    expect(decoded(Buffer.from(bytes), encoding)).toBe(text);
  });

  it.each([
    ['UTF-8', [0x80]],
    ['UTF-8', [0xed, 0xa0, 0x80]],
    ['ascii', [0x80]],
    ['windows-1252', [0x81]],
    ['GB18030', [0x81]],
    ['EUC-KR', [0xff]],
  ])('%s refuses what it does not have', (encoding, bytes) => {
    expect(() => decoded(Buffer.from(bytes), encoding)).toThrow('its content is no');
  });
});
