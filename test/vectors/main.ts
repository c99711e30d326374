import { runVectors, type FileReport } from './run-vectors.js';

const SHOWN_FAILURES = 20;

const [folder, ...rest] = process.argv.slice(2).sort((a, b) => Number(a.startsWith('--')) - Number(b.startsWith('--')));
if (folder === undefined || folder.startsWith('--')) {
  process.stderr.write('usage: npm run vectors -- DIR [--json]\n');
  process.exit(2);
}

const sum = (reports: readonly FileReport[], key: 'passed' | 'failed' | 'byRule'): number =>
  reports.reduce((total, report) => total + report[key], 0);
const line = (name: string, passed: number, failed: number, byRule: number): string =>
  `${name}: ${passed} passed, ${failed} failed, ${byRule} by Assay's rule`;

const reports = await runVectors(folder);
const total = { passed: sum(reports, 'passed'), failed: sum(reports, 'failed'), byRule: sum(reports, 'byRule') };
if (rest.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ files: reports, total }, null, 2)}\n`);
} else {
  for (const { name, passed, failed, byRule, failures } of reports) {
    process.stdout.write(`${line(name, passed, failed, byRule)}\n`);
    for (const { unit, detail } of failures.slice(0, SHOWN_FAILURES)) process.stdout.write(`  ${unit}: ${detail}\n`);
    if (failures.length > SHOWN_FAILURES) process.stdout.write(`  and ${failures.length - SHOWN_FAILURES} more\n`);
  }
  process.stdout.write(`${line('total', total.passed, total.failed, total.byRule)}\n`);
}
process.exitCode = total.failed > 0 ? 1 : 0;
