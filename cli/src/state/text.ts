import { printable } from '@assay/core/errors/printable';
import { plainTable } from '../report/plain-table.js';
import type { ImportReport } from './import.js';
import type { JournalImportReport } from './import-journal.js';

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

export function journalImportText(report: JournalImportReport): string {
  const { dryRun, file, dataDir, hotkeys, records, rounds, claims, competitions, left, unchecked } = report;
  const taken = dryRun ? 'Would be taken over' : 'Taken over';
  const by = hotkeys.length === 0 ? 'no hotkey' : hotkeys.map((hotkey) => printable(hotkey, 60)).join(', ');
  return [
    `${taken} from ${printable(file, 500)} into ${dataDir}:`,
    plainTable(
      ['id', 'competition', 'standing', 'entrants', 'marks'],
      competitions.map(({ id, name, standing, entrants, marks }) => [
        ...[id, printable(name, 40), standing ?? 'none', entrants ?? 'none', marks],
      ]),
    ),
    `Checked: ${records} records of ${by}, ${rounds} rounds and ${claims} claims among them.`,
    ...unchecked.map((line) => `Not checked: ${printable(line, 300)}`),
    ...left.slice(0, LISTED).map(({ what, reason }) => `Left out: ${printable(what, 200)}: ${reason}.`),
  ].join('\n');
}
