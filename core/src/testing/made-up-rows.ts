import type { Page, PageQuery, Row, RowSource, SplitSize } from '../contracts/row-source.js';
import { datasetErrors } from '../datasets/errors.js';
import { abortError } from '../errors/describe.js';

export const HOSTILE_ROWS: readonly Row[] = [
  {},
  { text: null, content: null },
  { text: 7 },
  { text: ['a'] },
  { text: '\ud800', content: '\ud800' },
  JSON.parse('{"__proto__": {"text": "a"}}') as Row,
];

/** Text in every row, that of its place. */
export class TextRows implements RowSource {
  readonly description = 'made-up rows';
  readonly maxInFlight = 4;

  constructor(
    private readonly row: (place: string) => Row = (place) => ({
      text: `row ${place} of made-up text`,
      content: `row ${place}`,
    }),
  ) {}

  page({ config, split, offset, length }: PageQuery): Promise<Page> {
    return Promise.resolve({
      rows: Array.from({ length }, (_none, index) => this.row(`${config} ${split} ${offset + index}`)),
    });
  }

  splits(): Promise<readonly SplitSize[]> {
    return Promise.resolve([
      { config: 'one', split: 'train', rows: 100_000 },
      { config: 'two', split: 'test', rows: 5000 },
    ]);
  }
}

export class FailingRows implements RowSource {
  readonly description = 'no rows';
  readonly maxInFlight = 4;
  asked = 0;

  page(): Promise<Page> {
    return this.#fail();
  }

  splits(): Promise<readonly SplitSize[]> {
    return this.#fail();
  }

  #fail(): Promise<never> {
    this.asked += 1;
    return Promise.reject(datasetErrors.REQUEST_FAILED({ what: 'anything', reason: 'it always fails here' }));
  }
}

/** Rows for datasets that are made and not asked: every request fails. */
export const noRows: RowSource = new FailingRows();

/** Never answers; ends with its signal, as a source has to. */
export const silent: RowSource = {
  description: 'silence',
  maxInFlight: 4,
  page: (_query, signal) => untilAborted(signal),
  splits: (_dataset, signal) => untilAborted(signal),
};

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(abortError());
    });
  });
