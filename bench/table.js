import { cpus } from 'node:os';

/** Rows of equal keys as columns, with what the machine is above them. */
export function printTable(title, rows) {
  const heads = Object.keys(rows[0] ?? {});
  const cells = [heads, ...rows.map((row) => heads.map((head) => String(row[head])))];
  const widths = heads.map((_head, column) => Math.max(...cells.map((row) => row[column].length)));
  process.stdout.write(`${title}\n${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n\n`);
  for (const row of cells)
    process.stdout.write(`${row.map((cell, column) => cell.padStart(widths[column])).join('  ')}\n`);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
