import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Page, PageQuery, RowSource, SplitSize } from '@assay/core/contracts/row-source';
import { datasetErrors } from '@assay/core/datasets/errors';
import { OffsetLoader } from '@assay/core/datasets/offset-loader';
import type { Loader } from '@assay/core/datasets/sample-set';
import { SplitLoader } from '@assay/core/datasets/split-loader';
import { isAssayError } from '@assay/core/errors/assay-error';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { letters } from '../../letters.js';

/** What a page's requests come to: some fail at first, or always; what comes in the end is always the same. */
type Fate = 'rows' | 'fails' | 'empty' | 'null-row' | 'no-json';

/**
 * A service whose answers depend on what is asked for and on how often it has been, never on when: so that loaders which
 * ask in another order can be compared.
 */
class FatedRows implements RowSource {
  readonly description = 'fated rows';
  readonly #asked = new Map<string, number>();
  inFlight = 0;
  mostInFlight = 0;

  constructor(
    readonly maxInFlight: number,
    private readonly fates: (offset: number) => readonly Fate[],
    private readonly sizes: readonly SplitSize[],
    private readonly delays: readonly number[],
  ) {}

  async page({ config, offset, length }: PageQuery): Promise<Page> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const key = `${config} ${offset}`;
    const time = this.#asked.get(key) ?? 0;
    this.#asked.set(key, time + 1);
    for (let wait = this.delays[(offset + time) % this.delays.length] ?? 0; wait > 0; wait -= 1)
      await Promise.resolve();
    this.inFlight -= 1;
    const fates = this.fates(offset);
    const fate = fates[Math.min(time, fates.length - 1)] ?? 'rows';
    if (fate === 'fails' || fate === 'no-json')
      throw datasetErrors.REQUEST_FAILED({ what: key, reason: fate, noJson: fate === 'no-json' });
    if (fate === 'empty') return { rows: [] };
    return {
      rows: Array.from({ length: Math.min(length, 4) }, (_none, index) => ({
        text: fate === 'null-row' && index === 2 ? null : `${config}${offset + index}`,
      })),
    };
  }

  splits(): Promise<readonly SplitSize[]> {
    return Promise.resolve(this.sizes);
  }
}

const failures = fc.array(fc.constantFrom<Fate>('fails', 'fails', 'no-json'), { maxLength: 3 });
const end = fc.oneof(
  { weight: 20, arbitrary: fc.constant<Fate>('rows') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('fails', 'empty', 'null-row') },
);
const fates = fc.tuple(failures, end).map(([first, last]) => [...first, last]);
const world = fc.record({
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n }),
  pages: fc.integer({ min: 1, max: 12 }),
  inFlight: fc.integer({ min: 2, max: 9 }),
  // A small dataset, so that pages repeat.
  rows: fc.array(fc.integer({ min: 60, max: 900 }), { minLength: 1, maxLength: 3 }),
  fates: fc.array(fates, { minLength: 1, maxLength: 20 }),
  sequenceLength: fc.integer({ min: 2, max: 400 }),
  delays: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const clock = { now: () => 0, sleep: () => Promise.resolve() };

async function outcomeOf(
  given: World,
  inFlight: number,
  build: (rows: RowSource) => Loader,
): Promise<{ outcome: unknown; next: number; most: number }> {
  const sizes = given.rows.map((rows, index) => ({ config: `c${index}`, split: 'train', rows }));
  const rows = new FatedRows(inFlight, (offset) => given.fates[offset % given.fates.length] ?? [], sizes, given.delays);
  const random = new PythonRandom(given.seed);
  const request = {
    seed: given.seed,
    tokenizer: letters,
    sequenceLength: given.sequenceLength,
    batchSize: 1,
    pages: given.pages,
    packSamples: true,
  };
  const outcome = await build(rows)
    .collect(request, random, new AbortController().signal)
    // Which of several failures is met first may differ.
    .catch((error: unknown) => (isAssayError(error) ? 'refused' : error));
  return { outcome, next: random.random(), most: rows.mostInFlight };
}

/** Some hundreds find what one at a time does otherwise; ten thousand were run when this was written. */
const RUNS = Number(process.env['ASSAY_TEST_RUNS'] ?? 400);

describe('with several requests in flight', () => {
  it.each<[string, (rows: RowSource) => Loader]>([
    [
      'an offset loader',
      (rows) =>
        new OffsetLoader(
          { dataset: 'a/b', config: 'c0', split: 'train', lastOffset: 300, gated: false },
          { rows, clock },
        ),
    ],
    ['a split loader', (rows) => new SplitLoader({ dataset: 'a/b' }, { rows, clock })],
  ])(
    '%s gathers the same pages and tokens, and leaves the generator where one at a time leaves it',
    async (_name, build) => {
      let refused = 0;
      let most = 0;
      await fc.assert(
        fc.asyncProperty(world, async (given) => {
          const single = await outcomeOf(given, 1, build);
          const several = await outcomeOf(given, given.inFlight, build);
          expect(single.most).toBeLessThanOrEqual(1);
          expect(several.most).toBeLessThanOrEqual(given.inFlight);
          expect({ outcome: several.outcome, next: several.next }).toEqual({
            outcome: single.outcome,
            next: single.next,
          });
          refused += single.outcome === 'refused' ? 1 : 0;
          most = Math.max(most, several.most);
        }),
        { numRuns: RUNS },
      );
      // Otherwise the comparison has been of nothing.
      expect(refused).toBeGreaterThan(0.01 * RUNS);
      expect(refused).toBeLessThan(0.9 * RUNS);
      expect(most).toBeGreaterThan(4);
    },
  );
});
