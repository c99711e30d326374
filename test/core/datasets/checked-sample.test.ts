import { describe, expect, it } from 'vitest';
import type { DatasetProvider, DocumentSource, SampleRequest } from '@assay/core/contracts/dataset-provider';
import { asDataset } from '@assay/core/datasets/document-dataset';
import { keepSecret } from '@assay/core/errors/secrets';
import { letters } from '../../letters.js';

const { signal } = new AbortController();
const request: SampleRequest = {
  seed: 7n,
  tokenizer: letters,
  sequenceLength: 4,
  batchSize: 2,
  pages: 3,
  packSamples: true,
};
const row = [1, 2, 3, 4];
const batchOf = (): object => ({ batches: [[row, row]], pages: ['1'], source: 'here' });
const sampleOf = (batches: unknown): unknown => ({ batches, pages: ['1'], source: 'here' });

/** What a package in plain JavaScript would give. */
const sampling = (drawn: unknown): Promise<unknown> =>
  asDataset({ sample: () => Promise.resolve(drawn) } as unknown as DatasetProvider).sample(request, signal);
const documenting = (drawn: unknown): Promise<unknown> =>
  asDataset({ documents: () => Promise.resolve(drawn) } as unknown as DocumentSource).sample(request, signal);

describe('what a package draws', () => {
  it('is passed on as it is', async () => {
    const drawn = sampleOf([
      [row, row],
      [row, [0, letters.vocabularySize - 1, 0, 0]],
    ]);
    expect(await sampling(drawn)).toEqual(drawn);
    expect(await sampling(sampleOf([]))).toEqual(sampleOf([]));
  });

  it('may hold typed arrays, and name the page of each batch', async () => {
    const [ids, short] = [Uint32Array.from(row), Uint16Array.from(row)];
    const drawn = {
      batches: [
        [ids, short],
        [row, ids],
      ],
      pages: ['1', '2'],
      clusters: [1, 0],
      source: 'here',
    };
    expect(await sampling(drawn)).toEqual(drawn);
  });

  it('is told without a secret of this process', async () => {
    keepSecret('MIRROR_PASSWORD', 'theMirrorsPassword');
    const drawn = { batches: [], pages: ['theMirrorsPassword/1'], source: 'http://me:theMirrorsPassword@mirror' };
    const told = { pages: ['[MIRROR_PASSWORD]/1'], source: 'http://me:[MIRROR_PASSWORD]@mirror' };
    expect(await sampling(drawn)).toMatchObject(told);
    expect(await documenting({ ...drawn, documents: ['some text'] })).toMatchObject(told);
  });

  it.each<[what: string, drawn: unknown, reason: string]>([
    ['nothing', undefined, 'what sample gives is not of its shape'],
    ['batches without a source', { batches: [], pages: [] }, 'source'],
    ['page numbers', { batches: [], pages: [1], source: 'here' }, 'pages.0'],
    ['sequences without batches', sampleOf([1, 2]), 'batches.0'],
    ['a batch that is too small', sampleOf([[row, row], [row]]), 'batch 1 has 1 sequences, 2 were asked for'],
    [
      'a sequence that is too short',
      sampleOf([[row, [1, 2, 3]]]),
      'batch 0 holds a sequence that is not 4 tokens long',
    ],
    ['a sequence that is none', sampleOf([[row, 'text']]), 'batch 0 holds a sequence that is not 4 tokens long'],
    [
      'a token beyond the vocabulary',
      sampleOf([[row, [1, 2, letters.vocabularySize, 4]]]),
      `batch 0 holds the token ${letters.vocabularySize}; ids go from 0 to ${letters.vocabularySize - 1}`,
    ],
    ['numbers that are no ids', sampleOf([[row, Float64Array.of(1, 2, 3.5, 4)]]), 'batch 0 holds the token 3.5'],
    ['bytes that are no numbers', sampleOf([[row, new DataView(new ArrayBuffer(4))]]), 'batch 0 holds a sequence'],
    ['pages of fewer batches', { ...batchOf(), clusters: [] }, 'it names the pages of 0 batches, of 1'],
    ['a page that is not named', { ...batchOf(), clusters: [1] }, 'batch 0 is of page 1, and 1 pages are named'],
    ['a page that is no index', { ...batchOf(), clusters: [-1] }, 'clusters.0'],
    ['a negative token', sampleOf([[row, [1, 2, -1, 4]]]), 'holds the token -1'],
    ['half a token', sampleOf([[row, [1, 2, 0.5, 4]]]), 'holds the token 0.5'],
    ['a token in words', sampleOf([[row, [1, 2, '3', 4]]]), 'holds the token "3"'],
    ['a token that is missing', sampleOf([[row, [1, undefined, 3, 4]]]), 'holds the token undefined'],
  ])('is refused where a sample is %s', async (_what, drawn, reason) => {
    await expect(sampling(drawn)).rejects.toMatchObject({
      code: 'DATASET_MALFORMED',
      fault: 'config',
      message: expect.stringContaining(reason) as string,
    });
  });

  it.each<[what: string, drawn: unknown, reason: string]>([
    ['nothing', undefined, 'what documents gives is not of its shape'],
    ['a list alone', ['text'], 'what documents gives is not of its shape'],
    ['no list', { documents: 'text', pages: [], source: 'here' }, 'documents'],
    [
      'an object among texts',
      { documents: ['text', { text: 'b' }], pages: [], source: 'here' },
      'document 1 of what documents gives is an object, and no text',
    ],
    [
      'a list among texts',
      { documents: [['text']], pages: [], source: 'here' },
      'document 0 of what documents gives is a list, and no text',
    ],
    [
      'a number among texts',
      { documents: ['text', 'b', 3], pages: [], source: 'here' },
      'document 2 of what documents gives is a number, and no text',
    ],
    [
      'nothing among texts',
      { documents: [null], pages: [], source: 'here' },
      'document 0 of what documents gives is null, and no text',
    ],
  ])('is refused where documents are %s', async (_what, drawn, reason) => {
    await expect(documenting(drawn)).rejects.toMatchObject({
      code: 'DATASET_MALFORMED',
      message: expect.stringContaining(reason) as string,
    });
  });

  it.each([undefined, null, 7, {}, { sample: 'text' }])('is never asked of what create gives as %j', (made) => {
    expect(() => asDataset(made as unknown as DatasetProvider)).toThrow(
      expect.objectContaining({ code: 'DATASET_MALFORMED' }) as Error,
    );
  });
});
