import Table from 'cli-table3';
import type { EventOf, RoundRow } from '@assay/core/contracts/reporter';
import type { Palette } from './palette.js';
import { printable } from '@assay/core/errors/printable';

const COLUMNS = ['uid', 'repo', 'loss', 'epsilon', 'win rate', 'wins', 'weight', 'competition', 'block', 'note'];

/**
 * One round for people. Best first; whoever could not be scored comes last, with the cause.
 * `epsilon` is the advantage over later models, `weight` this round's, `competition` the moving average's.
 */
export function roundTable({ rows }: Pick<EventOf<'round-finished'>, 'rows'>, palette: Palette): string {
  const table = new Table({
    head: COLUMNS.map((name) => palette.bold(name)),
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const sorted = [...rows].sort(
    (a, b) => b.averageWeight - a.averageWeight || (a.score ?? Infinity) - (b.score ?? Infinity) || a.block - b.block,
  );
  for (const row of sorted) table.push(cells(row, palette));
  return table.toString();
}

function cells(row: RoundRow, palette: Palette): string[] {
  const plain = [
    String(row.uid),
    printable(row.repo, 38),
    row.score === null ? '–' : row.score.toFixed(6),
    row.epsilon === null ? '–' : `${(row.epsilon * 100).toFixed(3)} %`,
    row.winRate === null ? '–' : row.winRate.toFixed(3),
    row.wins === null ? '–' : String(row.wins),
    row.stepWeight.toFixed(4),
    row.averageWeight.toFixed(4),
    String(row.block),
    noteOf(row),
  ];
  if (row.error) return plain.map((cell) => palette.red(cell));
  return row.averageWeight >= 0.5 ? plain.map((cell) => palette.green(cell)) : plain;
}

function noteOf({ error, sameAs, competitive }: RoundRow): string {
  const same = sameAs === null ? '' : `same model as uid ${sameAs}`;
  if (error) return [same, `${error.code} (${error.fault})`].filter(Boolean).join('; ');
  return same || (competitive ? '' : 'beaten by an earlier model');
}
