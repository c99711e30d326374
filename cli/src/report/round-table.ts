import Table from 'cli-table3';
import type { EventOf, RoundRow } from '@assay/core/contracts/reporter';
import { isRegistered, ownerText } from '@assay/core/contracts/standing-rule';
import type { Palette } from './palette.js';
import { printable } from '@assay/core/errors/printable';

const BEFORE = ['uid', 'repo', 'loss', 'epsilon', 'win rate', 'wins'];
const AFTER = ['share', 'block', 'note'];

/**
 * One round for people. The best contender comes first, contenders without a score come last. Who is not registered has no uid. `epsilon` is the advantage over
 * later models, `share` what the competition hands out after the round; the columns between them are the rules' own.
 */
export function roundTable(
  { rows, columns }: Pick<EventOf<'round-finished'>, 'rows' | 'columns'>,
  palette: Palette,
): string {
  const titles = [...BEFORE, ...columns.map(({ title }) => title), ...AFTER];
  const table = new Table({
    head: titles.map((name) => palette.bold(name)),
    style: { head: [], border: [] },
    colAligns: titles.map((name) => (name === 'repo' || name === 'note' ? 'left' : 'right')),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const sorted = [...rows].sort(
    (a, b) => b.share - a.share || (a.score ?? Infinity) - (b.score ?? Infinity) || a.block - b.block,
  );
  const counts = countingColumns({ rows, columns });
  for (const row of sorted) table.push(cells(row, columns, counts, palette));
  return table.toString();
}

function cells(
  row: RoundRow,
  columns: EventOf<'round-finished'>['columns'],
  counts: ReadonlySet<string>,
  palette: Palette,
): string[] {
  const plain = [
    isRegistered(row.uid) ? String(row.uid) : '–',
    printable(row.repo, 38),
    row.score === null ? '–' : row.score.toFixed(6),
    row.epsilon === null ? '–' : `${(row.epsilon * 100).toFixed(3)} %`,
    row.winRate === null ? '–' : row.winRate.toFixed(3),
    row.wins === null ? '–' : String(row.wins),
    ...columns.map(({ key }) => valueText(row.values[key] ?? null, counts.has(key))),
    row.share.toFixed(4),
    String(row.block),
    noteOf(row),
  ];
  if (row.error) return plain.map((cell) => palette.red(cell));
  return row.share >= 0.5 ? plain.map((cell) => palette.green(cell)) : plain;
}

/** Keys of the columns that count, as ranks do: all whole numbers, and one above 1. Others hold shares. */
function countingColumns({ columns, rows }: Pick<EventOf<'round-finished'>, 'rows' | 'columns'>): Set<string> {
  const numbersOf = (key: string): number[] =>
    rows.flatMap(({ values }) => (typeof values[key] === 'number' ? [values[key]] : []));
  const isCount = (numbers: readonly number[]): boolean =>
    numbers.every((value) => Number.isInteger(value)) && numbers.some((value) => value > 1);
  return new Set(columns.map(({ key }) => key).filter((key) => isCount(numbersOf(key))));
}

/** A value of a rule's own column. What a rule says is printed as it is, but for control characters. */
function valueText(value: string | number | boolean | null, isCount: boolean): string {
  if (value === null) return '–';
  if (typeof value === 'number') return isCount ? String(value) : value.toFixed(4);
  return printable(String(value), 20);
}

function noteOf(row: RoundRow): string {
  const { error, sameAs, winRate, margin } = row;
  const same = sameAs === null ? likenessOf(row) : `same model as ${ownerText(sameAs)}`;
  const raised = margin === undefined ? '' : `has to be ${percent(margin)} better`;
  if (error) return [same, `${error.code} (${error.fault})`].filter(Boolean).join('; ');
  const beaten = winRate === null && sameAs === null ? 'beaten by an earlier model' : '';
  return [same, raised, beaten].filter(Boolean).join('; ');
}

/** What the model has most in common with: identical tensors, or else near ones where the competition has them sampled. */
function likenessOf({ similarTo = [] }: RoundRow): string {
  const ranked = similarTo.map(({ uid, share, distance }) => {
    const near = Math.max(0, ...(distance?.near ?? []).map((one) => one.share));
    return { uid, share: Math.max(share, near), word: share >= near ? 'as in' : 'near' };
  });
  const [closest] = ranked.sort((a, b) => b.share - a.share);
  return closest ? `${percent(closest.share)} ${closest.word} ${ownerText(closest.uid)}` : '';
}

const ROUNDING = 1e-9;
/** Rounded down, so that 99.99 % is not all. */
const percent = (share: number): string => `${Math.floor(share * 1000 + ROUNDING) / 10} %`;
