import Table from 'cli-table3';

/** Columns without lines: numbers to the right, text to the left, fit for grep and awk. */
export function plainTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = head.map((_name, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] === ''),
  );
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colAligns: numeric.map((isNumeric) => (isNumeric ? 'right' : 'left')),
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
        'middle',
      ].map((part) => [part, part === 'middle' ? ' ' : '']),
    ),
  });
  for (const row of rows) table.push(row.map(String));
  return table.toString();
}
