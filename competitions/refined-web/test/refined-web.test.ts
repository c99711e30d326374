import { expect, it } from 'vitest';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { asked, failedChecks } from '../../../test/package-checks.js';
import refinedWeb from '../dist/index.js';

const ID = 'tiiuae/falcon-refinedweb';

it('is what every package of competitions has to be', async () => {
  expect(await failedChecks(refinedWeb)).toEqual([]);
});

it('judges 3B models by the December 2024 rules, and before that by a slower decay', () => {
  const [december, autumn, small] = refinedWeb.provides.competitions ?? [];
  expect(december).toMatchObject({
    id: 2,
    name: 'refined-web',
    comparison: 'mean-loss',
    onDatasetFailure: 'skip-round',
    tokenizer: { name: 'cl100k_base' },
  });
  expect(december?.constraints).toMatchObject({
    minParameters: 3.2e9,
    maxParameters: 3.4e9,
    maxBytes: 15 * 1024 ** 3,
    sequenceLength: 4096,
  });
  expect(december?.constraints.architectures).not.toContain('GPTJForCausalLM');
  expect(december?.tasks).toEqual([
    {
      name: 'FALCON',
      kind: 'text-loss',
      dataset: ID,
      pages: 22,
      batchSize: 1,
      packSamples: true,
      weight: 1,
      normalization: { type: 'none' },
    },
  ]);
  expect([december, autumn, small].map((competition) => competition?.epsilon)).toEqual([
    { type: 'linear-decay', start: 0.005, end: 0.0002, blocks: 28_800 },
    { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 },
    { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 50_400 },
  ]);
  expect(small).toMatchObject({
    id: 1,
    constraints: { minParameters: 572e6, maxParameters: 772e6, maxBytes: 5 * 1024 ** 3, sequenceLength: 1024 },
    tokenizer: { repo: 'distilbert/distilgpt2' },
  });
});

it('draws fifty rows from a row between 1 and 968,000,015 on, the text in content', async () => {
  const { queries, text } = await asked(
    refinedWeb,
    ID,
    { seed: 11n, pages: 3 },
    { row: { content: 'a page of the web', url: 'b' } },
  );
  const random = new PythonRandom(11n);
  const offsets = [1, 2, 3].map(() => random.randint(1, 968_000_015));
  expect(queries).toEqual(
    offsets.map((offset) => ({ dataset: ID, config: 'default', split: 'train', offset, length: 50, gated: false })),
  );
  expect(text).toBe('a page of the web\0a page of the web\0a page of the web\0'.slice(0, text.length));
});
