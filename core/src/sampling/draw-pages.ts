import type { SplitSize } from '../contracts/row-source.js';
import type { PythonRandom } from './python-random.js';

/** Rows of one page, of every loader of the reference. */
export const PAGE_ROWS = 50;

/** First rows of as many pages: `randint(1, last)` each, so that pages may overlap and repeat. */
export function drawOffsets(random: PythonRandom, last: number, pages: number): number[] {
  return Array.from({ length: pages }, () => random.randint(1, last));
}

export interface SplitPage {
  config: string;
  split: string;
  offset: number;
}

/** Splits by config, `default` left out; of a config that stands twice the last split, at the place of the first. */
export function splitsByConfig(splits: readonly SplitSize[]): SplitSize[] {
  return [
    ...new Map(
      splits.flatMap((split) => (split.config === 'default' ? [] : [[split.config, split] as const])),
    ).values(),
  ];
}

/** Where the pages of a dataset of many configs begin: the same shift for all of them. */
export const drawShift = (random: PythonRandom): number => random.randint(0, PAGE_ROWS - 1);

/**
 * A page of a config drawn evenly over the *configs*, whatever their sizes.
 * @throws RangeError when there is no config, or the one drawn has no whole page behind the shift
 */
export function drawSplitPage(random: PythonRandom, splits: readonly SplitSize[], shift: number): SplitPage {
  const { config, split, rows } = random.choice(splits);
  const pages = Math.floor((rows - shift + 1) / PAGE_ROWS);
  return { config, split, offset: shift + random.randint(0, pages - 1) * PAGE_ROWS };
}
