import Table from 'cli-table3';
import type { EventOf, RoundRow } from '@assay/core/contracts/reporter';
import { isRegistered, ownerText } from '@assay/core/contracts/standing-rule';
import type { Palette } from './palette.js';
import { printable } from '@assay/core/errors/printable';

interface Column {
  title: string;
  text: (row: RoundRow) => string;
}
type Told = Pick<EventOf<'round-finished'>, 'rows' | 'columns'>;

/** Key of the column by which a match rule says in a word what has become of a contender: wins need no columns beside it. */
const VERDICT = 'verdict';
const NOTHING = '–';

/**
 * One round for people. The best contender comes first, contenders without a score come last. Who is not
 * registered has no uid. `epsilon` is the advantage over later models, `share` what the competition hands out after the round; the columns between them are the rules' own.
 */
export function roundTable({ rows, columns }: Told, palette: Palette): string {
  const saysVerdict = columns.some(({ key }) => key === VERDICT);
  const shown = saysVerdict ? rows.filter((row) => !isRefusedClaim(row)) : rows;
  const told = { rows: shown, columns };
  const all = [
    ...BEFORE,
    ...(saysVerdict ? [] : WINS),
    ...columns.filter(({ key }) => !saysVerdict || saysAnything(key, shown)).map((column) => ruleColumn(column, told)),
    ...AFTER,
  ];
  const table = new Table({
    head: all.map(({ title }) => palette.bold(title)),
    style: { head: [], border: [] },
    colAligns: all.map(({ title }) => (title === 'repo' || title === 'note' ? 'left' : 'right')),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const sorted = [...shown].sort(
    (a, b) => b.share - a.share || (a.score ?? Infinity) - (b.score ?? Infinity) || a.block - b.block,
  );
  for (const row of sorted) table.push(painted(row, all, palette));
  const left = rows.length - shown.length;
  return `${table.toString()}${left === 0 ? '' : `\n${claimsText(left)}`}`;
}

/** A claim that was refused and has not played. */
const isRefusedClaim = ({ error, epsilon }: RoundRow): boolean => error !== null && epsilon === null;

const claimsText = (count: number): string =>
  `${count === 1 ? '1 refused claim has' : `${count} refused claims have`} not played; validator queue says why.`;

const BEFORE: readonly Column[] = [
  { title: 'uid', text: ({ uid }) => (isRegistered(uid) ? String(uid) : NOTHING) },
  { title: 'repo', text: ({ repo }) => printable(repo, 38) },
  { title: 'loss', text: ({ score }) => (score === null ? NOTHING : score.toFixed(6)) },
];
const WINS: readonly Column[] = [
  { title: 'epsilon', text: ({ epsilon }) => (epsilon === null ? NOTHING : `${(epsilon * 100).toFixed(3)} %`) },
  { title: 'win rate', text: ({ winRate }) => (winRate === null ? NOTHING : winRate.toFixed(3)) },
  { title: 'wins', text: ({ wins }) => (wins === null ? NOTHING : String(wins)) },
];
const AFTER: readonly Column[] = [
  { title: 'share', text: ({ share }) => share.toFixed(4) },
  { title: 'block', text: ({ block }) => String(block) },
  { title: 'note', text: noteOf },
];

function painted(row: RoundRow, columns: readonly Column[], palette: Palette): string[] {
  const plain = columns.map(({ text }) => text(row));
  if (row.error) return plain.map((cell) => palette.red(cell));
  return row.share >= 0.5 ? plain.map((cell) => palette.green(cell)) : plain;
}

/** Whether a column has anything but false in some row. */
const saysAnything = (key: string, rows: readonly RoundRow[]): boolean =>
  rows.some(({ values }) => (values[key] ?? false) !== false);

function ruleColumn({ key, title }: Told['columns'][number], { rows }: Told): Column {
  const isCount = isCounting(key, rows);
  return { title, text: ({ values }) => valueText(values[key] ?? null, isCount) };
}

/** Whether a column counts, as ranks do: all whole numbers, and one above 1 or none below it. Others hold shares. */
function isCounting(key: string, rows: readonly RoundRow[]): boolean {
  const numbers = rows.flatMap(({ values }) => (typeof values[key] === 'number' ? [values[key]] : []));
  return (
    numbers.every((value) => Number.isInteger(value)) &&
    (numbers.some((value) => value > 1) || numbers.every((value) => value >= 1))
  );
}

/** A value of a rule's own column. What a rule says is printed as it is, but for control characters. */
function valueText(value: string | number | boolean | null, isCount: boolean): string {
  if (value === null) return NOTHING;
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
