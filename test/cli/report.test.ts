import type { EventOf, RoundRow } from '@assay/core/contracts/reporter';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../cli/dist/report/palette.js';
import { roundTable } from '../../cli/dist/report/round-table.js';
import { TextReporter } from '../../cli/dist/report/text-reporter.js';

type Source = EventOf<'weights-set'>['weights'][number]['from'][number];

const rowOf = (uid: number, values: RoundRow['values']): RoundRow => ({
  ...{ uid, hotkey: `hotkey-${uid}`, repo: 'honest/llama', block: 100, score: 3, epsilon: 0.005 },
  ...{ winRate: 0.5, wins: 1, share: 0, values, sameAs: null, error: null },
});

/** The cells of the column that the rule adds, from the top. */
function columnOf(given: RoundRow['values'][string][]): string[] {
  const rows = given.map((value, uid) => rowOf(uid, { place: value }));
  const columns = [{ key: 'place', title: 'place', about: 'A column of a test.' }];
  const lines = roundTable({ rows, columns }, paletteFor(false)).split('\n');
  return lines.slice(2, -1).map((line) => line.split('│')[7]?.trim() ?? '');
}

function linesOf(from: Source[]): string {
  let text = '';
  const output = {
    write(written: string): boolean {
      text += written;
      return true;
    },
  };
  const weights = [{ uid: 7, share: 0.2, value: 40_959, from }];
  new TextReporter({ live: false, width: 80 }, output).report({
    ...{ event: 'weights-set', block: 10, confirmed: true, weights },
  });
  return text;
}

const source = (name: string, standing: number): Source => ({ id: 1, name, share: 0.8, standing });

describe('the text of a run', () => {
  it.each<[what: string, given: RoundRow['values'][string][], shown: string[]]>([
    ['ranks are whole numbers, the first one too', [1, 2, 3, null], ['1', '2', '3', '–']],
    ['shares have four digits, whole ones too', [1, 0, 0.5], ['1.0000', '0.0000', '0.5000']],
    ['nothing but 0 and 1 is a share', [1, 0], ['1.0000', '0.0000']],
    ['words stay as they are', ['up', true], ['up', 'true']],
  ])('shows a column of a rule: %s', (_what, given, shown) => {
    expect(columnOf(given)).toEqual(shown);
  });

  it('names the competitions in which a weight was earned, and no other', () => {
    const text = linesOf([source('harbour', 0.25), source('rhymes', 0)]);
    expect(text).toContain('uid 7: 20.00 % (40959), from 80.00 % x 0.2500 of harbour\n');
  });

  it('says of a weight that nobody has earned that the merge rules give it', () => {
    expect(linesOf([source('harbour', 0)])).toContain('from the merge rules, not earned in a competition\n');
  });
});
