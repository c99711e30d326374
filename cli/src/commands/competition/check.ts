import { Args } from '@oclif/core';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class CompetitionCheck extends BaseCommand {
  static override readonly description = `Hold a package to what every competition, profile and dataset has to be and to do.

With made-up rows and without a network: limits, schedule, epsilon, ties, NaN; the same draw for the same seed, ends in time, errors with codes,
no credential shown. Options of its datasets are taken from the config file. Exit 1 when a check fails.`;

  static override readonly examples = ['<%= config.bin %> competition check .', '<%= config.bin %> competition check ./dist/index.js --json'];

  static override readonly args = { package: Args.string({ description: 'Folder, module or name of the package.', required: true }) };
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CompetitionCheck);
    const [{ checkPluginPackage }, { findPackage, importPackage }, { plainTable }] = await Promise.all([
      import('@assay/core/testing/plugin-conformance'),
      import('../../plugin-packages.js'),
      import('../../report/plain-table.js'),
    ]);
    const { config } = await this.loadConfig(flags);
    const exported = await importPackage(await findPackage(args.package, process.cwd()), args.package);
    const datasets = Object.fromEntries(Object.entries(config.datasets).map(([id, options]) => [id, { options }]));
    const results = await checkPluginPackage(args.package, exported, { datasets });
    this.answer(
      flags.json,
      results.map(({ subject, name, reason }) => ({ subject, name, passed: reason === undefined, reason: reason ?? null })),
      () => plainTable(['of', 'check', 'result', 'reason'], results.map(({ subject, name, reason }) => [subject, name, reason === undefined ? 'passed' : 'failed', reason ?? ''])),
    );
    if (results.some(({ reason }) => reason !== undefined)) process.exitCode = 1;
  }
}
