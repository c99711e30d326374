import { runVectors, type FileReport } from './run-vectors.js';

const SHOWN_FAILURES = 20;
const USAGE = 2;

type Counts = Pick<FileReport, 'passed' | 'failed' | 'byRule'>;

const line = (name: string, { passed, failed, byRule }: Counts): string =>
  `${name}: ${passed} passed, ${failed} failed, ${byRule} by Assay's rule\n`;

function total(reports: readonly Counts[]): Counts {
  const sum = (key: keyof Counts): number => reports.reduce((all, report) => all + report[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), byRule: sum('byRule') };
}

function textOf(reports: readonly FileReport[]): string {
  const files = reports.map(({ name, failures, ...counts }) => {
    const shown = failures.slice(0, SHOWN_FAILURES).map(({ unit, detail }) => `  ${unit}: ${detail}\n`);
    if (failures.length > SHOWN_FAILURES)
      shown.push(`  and ${failures.length - SHOWN_FAILURES} more: --json gives all\n`);
    return line(name, counts) + shown.join('');
  });
  return files.join('') + line('total', total(reports));
}

async function main(args: readonly string[]): Promise<number> {
  const [folder, ...others] = args.filter((arg) => arg !== '--json');
  if (folder === undefined || others.length > 0 || folder.startsWith('--')) {
    process.stderr.write('usage: npm run vectors -- DIR [--json]\n');
    return USAGE;
  }
  let reports: FileReport[];
  try {
    reports = await runVectors(folder);
  } catch (error) {
    process.stderr.write(`${folder} can't be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return USAGE;
  }
  if (reports.length === 0) process.stderr.write(`${folder} holds no .json file: nothing was checked\n`);
  process.stdout.write(
    args.includes('--json')
      ? `${JSON.stringify({ files: reports, total: total(reports) }, null, 2)}\n`
      : textOf(reports),
  );
  return total(reports).failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
