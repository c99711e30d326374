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
  const files = reports.map(({ name, failures, skipped, ...counts }) => {
    const shown = failures.slice(0, SHOWN_FAILURES).map(({ unit, detail }) => `  ${unit}: ${detail}\n`);
    if (failures.length > SHOWN_FAILURES)
      shown.push(`  and ${failures.length - SHOWN_FAILURES} more: --json gives all\n`);
    const left = skipped.map(({ unit, detail }) => `  ${unit} skipped: ${detail}\n`);
    return line(name, counts) + shown.join('') + left.join('');
  });
  return files.join('') + line('total', total(reports));
}

/** The folders in the arguments; none where the arguments are not as they should be. */
function named(args: readonly string[]): { folder?: string; metadata?: string } {
  const option = args.indexOf('--metadata');
  const rest = option < 0 ? args : args.toSpliced(option, 2);
  const metadata = option < 0 ? undefined : args[option + 1];
  const [folder, ...others] = rest;
  const isWrong = others.length > 0 || folder?.startsWith('--') === true || (option >= 0 && metadata === undefined);
  return folder === undefined || isWrong ? {} : { folder, ...(metadata !== undefined && { metadata }) };
}

async function main(args: readonly string[]): Promise<number> {
  const { folder, metadata } = named(args.filter((arg) => arg !== '--json'));
  if (folder === undefined) {
    process.stderr.write('usage: npm run vectors -- DIR [--metadata FOLDER] [--json]\n');
    return USAGE;
  }
  let reports: FileReport[];
  try {
    reports = await runVectors(folder, { metadata });
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
