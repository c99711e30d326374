import { Args } from '@oclif/core';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class CompetitionCheck extends BaseCommand {
  static override readonly description = `Hold a package to what every competition, profile and dataset has to be and to do.

With made-up rows and without a network: limits, schedule, epsilon, ties, NaN; the same draw for the same seed, ends in time, errors with codes,
no credential shown. Datasets, tokenizers, architectures and competitions that it names have to be installed, as the config file has them. Exit 1
when a check fails.`;

  static override readonly examples = ['<%= config.bin %> competition check .', '<%= config.bin %> competition check ./dist/index.js --json'];

  static override readonly args = { package: Args.string({ description: 'Folder, module or name of the package.', required: true }) };
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CompetitionCheck);
    const [{ checkPluginPackage }, { findPackage, importPackage }, { installationOf }, { plainTable }, { LiveLine }, { printable }] = await Promise.all([
      import('@assay/core/testing/plugin-conformance'),
      import('../../plugin-packages.js'),
      import('../../competitions/installation.js'),
      import('../../report/plain-table.js'),
      import('../../report/live-line.js'),
      import('@assay/core/errors/printable'),
    ]);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const exported = await importPackage(await findPackage(args.package, process.cwd()), args.package);
    const datasets = Object.fromEntries(Object.entries(surroundings.config.datasets).map(([id, options]) => [id, { options }]));
    const abort = new AbortController();
    const live = flags.json ? undefined : LiveLine.on(process.stderr);
    const results = await checkPluginPackage(args.package, exported, {
      datasets,
      installation: installationOf(exported, surroundings, abort.signal),
      onCheck: (subject, check) => live?.show(printable(`${subject}: ${check}`, 200)),
    });
    live?.clear();
    this.answer(
      flags.json,
      results.map(({ subject, name, reason }) => ({ subject, name, passed: reason === undefined, reason: reason ?? null })),
      () => plainTable(['of', 'check', 'result', 'reason'], results.map(({ subject, name, reason }) => [subject, name, reason === undefined ? 'passed' : 'failed', reason ?? ''])),
    );
    if (results.some(({ reason }) => reason !== undefined)) process.exitCode = 1;
  }
}
