import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';
import type { ImportReport } from './import.js';

/** Lines of what was left out; --json has all of them. */
const LISTED = 20;

export function importText({
  dryRun,
  folder,
  dataDir,
  block,
  competitions,
  claims,
  left,
  assumed,
}: ImportReport): string {
  const rows = competitions.map(({ id, name, holders, weight, kept, waiting, results }) => [
    ...[id, name, holders, weight.toFixed(4), kept, waiting, results],
  ]);
  const taken = dryRun ? 'Would be taken over' : 'Taken over';
  return [
    `${taken} from ${printable(folder, 500)} into ${dataDir}, with the hotkeys of block ${block}:`,
    plainTable(['id', 'competition', 'holders', 'weight', 'kept', 'waiting', 'results'], rows),
    `${claims} claims are known. Each model is fetched and verified before it plays.`,
    ...assumed.map((line) => `Assumed: ${line}`),
    ...left.slice(0, LISTED).map(({ what, reason }) => `Left out: ${what}: ${reason}.`),
    ...(left.length > LISTED ? [`And ${left.length - LISTED} more are left out.`] : []),
  ].join('\n');
}
