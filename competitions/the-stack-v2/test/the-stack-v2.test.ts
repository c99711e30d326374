import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { failedChecks } from '../../../test/package-checks.js';
import { KEYS, s3Server } from '../../../test/s3-server.js';
import theStackV2 from '../dist/index.js';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

it('is what every package of competitions has to be, with a bucket', async () => {
  const blobs = Array.from(
    { length: 50 },
    (_none, index) => [`blob${index}`, gzipSync(`text of blob ${index}`)] as const,
  );
  const endpoint = await s3Server(new Map(blobs));
  const rows = {
    description: 'rows that name blobs',
    maxInFlight: 4,
    page: ({ offset, length }: { offset: number; length: number }) =>
      Promise.resolve({
        rows: Array.from({ length }, (_none, index) => ({
          blob_id: `blob${(offset + index) % 50}`,
          src_encoding: 'UTF-8',
        })),
      }),
    splits: () => Promise.resolve([]),
  };
  expect(
    await failedChecks(theStackV2, { datasets: { 'bigcode/the-stack-v2-dedup': { options: { endpoint }, rows } } }),
  ).toEqual([]);
});

it('judges models committed to 4 on the mean over all sequences of both datasets', () => {
  const [both, web, autumn] = theStackV2.provides.competitions ?? [];
  expect(both).toMatchObject({
    id: 5,
    name: 'the-stack-v2',
    judges: [4],
    constraints: { minParameters: 13.7e9, maxParameters: 13.9e9, maxBytes: 29 * 1024 ** 3, sequenceLength: 4096 },
  });
  expect(both?.tasks.map(({ dataset, pages, weight }) => [dataset, pages, weight])).toEqual([
    ['HuggingFaceFW/fineweb-edu-score-2', 22, 'samples'],
    ['bigcode/the-stack-v2-dedup', 9, 'samples'],
  ]);
  expect([web, autumn].map((competition) => [competition?.id, competition?.tasks.length])).toEqual([
    [4, 1],
    [4, 1],
  ]);
  expect([both, web, autumn].map((competition) => competition?.epsilon)).toEqual([
    { type: 'linear-decay', start: 0.005, end: 0.0002, blocks: 36_000 },
    { type: 'linear-decay', start: 0.005, end: 0.0002, blocks: 36_000 },
    { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 },
  ]);
});
