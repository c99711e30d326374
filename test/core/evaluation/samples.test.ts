import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampleReader } from '@assay/core/evaluation/read-samples';
import { withScratch } from '@assay/core/evaluation/scratch';
import { samplesDigest, writeSamples } from '@assay/core/evaluation/write-samples';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../plugins/onnxruntime/scratch.js';
import { sampleFileOf } from '../../sample-file.js';

const ids = fc.oneof(fc.nat(1000), fc.constantFrom(0, 65_536, 2 ** 31, 2 ** 32 - 1));
const sample = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, length]) =>
    fc.array(fc.array(ids, { minLength: length, maxLength: length }), { minLength: rows, maxLength: rows }),
  );

describe('a file of samples', () => {
  it('has the ids as 32-bit integers, little endian, is named by its digest, and is read as it was written', async () => {
    const folder = scratchFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 8 }), async (samples) => {
        const file = await writeSamples(folder, samples);
        const bytes = readFileSync(file.path);
        expect(file.digest).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(file.path).toBe(join(folder, `${file.digest}.u32`));
        expect(Array.from({ length: bytes.length / 4 }, (_none, index) => bytes.readUInt32LE(4 * index))).toEqual(
          samples.flat(2),
        );
        const reader = await SampleReader.open(file);
        expect(reader.count).toBe(samples.length);
        expect(reader.highestId).toBe(Math.max(...samples.flat(2)));
        for (const [index, rows] of samples.entries()) expect(await reader.rows(index)).toEqual(rows);
        await reader.close();
      }),
      { numRuns: 40 },
    );
  });

  it('names a shape once for all samples in a row that have it', async () => {
    const long = Array.from({ length: 5 }, () => [new Uint32Array(8)]);
    const { shapes } = await writeSamples(scratchFolder(), [...long, [[1, 2]], [[3, 4]]]);
    expect(shapes).toEqual([
      { samples: 5, rows: 1, length: 8 },
      { samples: 2, rows: 1, length: 2 },
    ]);
  });

  it.each<[what: string, samples: number[][][], reason: string]>([
    ['no rows', [[[1]], []], 'Sample 1'],
    ['an empty row', [[[]]], 'it is empty'],
    [
      'rows of several lengths',
      [
        [
          [1, 2, 3],
          [1, 2],
        ],
      ],
      'differ in length',
    ],
    ['a negative id', [[[1, -2]]], '-2 is no token id'],
    ['an id that is no integer', [[[1, 2.5]]], '2.5 is no token id'],
    ['an id of more than 32 bits', [[[2 ** 32]]], 'is no token id'],
    ['an id that is no number', [[[Number.NaN]]], 'NaN is no token id'],
  ])('%s is refused', async (_what, samples, reason) => {
    await expect(writeSamples(scratchFolder(), samples)).rejects.toMatchObject({
      code: 'SAMPLES_UNUSABLE',
      fault: 'validator',
      message: expect.stringContaining(reason) as unknown,
    });
  });

  it('that can not be written is a fault of this machine', async () => {
    await expect(writeSamples('/no/such/folder', [[[1]]])).rejects.toMatchObject({
      code: 'SAMPLES_NOT_WRITTEN',
      fault: 'validator',
    });
  });

  it.each<[what: string, change: (path: string) => void]>([
    [
      'is too short',
      (path): void => {
        truncateSync(path, 20);
      },
    ],
    [
      'is too long',
      (path): void => {
        appendFileSync(path, 'more');
      },
    ],
    [
      'has another content',
      (path): void => {
        writeFileSync(path, Buffer.alloc(24, 7));
      },
    ],
  ])('that %s is not opened', async (_what, change) => {
    const file = sampleFileOf(scratchFolder(), [[[1, 2, 3]], [[4, 5, 6]]]);
    change(file.path);
    await expect(SampleReader.open(file)).rejects.toMatchObject({ code: 'SAMPLES_DIFFER', fault: 'validator' });
  });

  it.each([1, 3])('of other shapes, %s rows, is not opened', async (samples) => {
    const file = sampleFileOf(scratchFolder(), [[[1, 2, 3]], [[4, 5, 6]]]);
    const shapes = [{ samples, rows: 1, length: 3 }];
    await expect(SampleReader.open({ ...file, shapes })).rejects.toMatchObject({ code: 'SAMPLES_DIFFER' });
  });

  it('that is gone is told apart', async () => {
    const file = sampleFileOf(scratchFolder(), [[[1, 2, 3]]]);
    await expect(SampleReader.open({ ...file, path: `${file.path}x` })).rejects.toMatchObject({
      code: 'SAMPLES_UNREADABLE',
    });
  });

  it('has an identity of ids, shape, kind and parameters, and of nothing else', () => {
    const file = sampleFileOf(scratchFolder(), [[[1, 2, 3]]]);
    const digest = samplesDigest('text-loss', file, { packed: true });
    expect(samplesDigest('text-loss', { ...file, path: '/elsewhere' }, { packed: true })).toBe(digest);
    expect(samplesDigest('text-loss', file, { packed: false })).not.toBe(digest);
    expect(samplesDigest('other', file, { packed: true })).not.toBe(digest);
    const shapes = [{ samples: 3, rows: 1, length: 1 }];
    expect(samplesDigest('text-loss', { ...file, shapes }, { packed: true })).not.toBe(digest);
  });
});

describe('a scratch folder', () => {
  it('is empty, its own, and gone afterwards, also after a failure', async () => {
    const parent = join(scratchFolder(), 'scratch');
    await withScratch(parent, async (first) => {
      writeFileSync(join(first, 'a'), '');
      await withScratch(parent, (second) => {
        expect(second).not.toBe(first);
        expect(readdirSync(second)).toEqual([]);
        expect(readdirSync(first)).toEqual(['a']);
        return Promise.resolve();
      });
      expect(readdirSync(first)).toEqual(['a']);
    });
    await expect(withScratch(parent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(parent)).toEqual([]);
  });

  it('takes along what a process left that died, and nothing of one that lives', async () => {
    const parent = scratchFolder();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const names = [`${dead}-0123456789ab`, `${process.pid}-0123456789ab`, `${process.ppid}-0123456789ab`, 'notes'];
    for (const name of names) mkdirSync(join(parent, name));
    await withScratch(parent, () => Promise.resolve());
    expect(readdirSync(parent).sort()).toEqual([`${process.ppid}-0123456789ab`, 'notes'].sort());
  });
});
