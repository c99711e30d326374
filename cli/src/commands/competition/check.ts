import { Args } from '@oclif/core';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { CheckResult } from '@assay/core/testing/checks';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class CompetitionCheck extends BaseCommand {
  static override readonly description = `Check a package against the rules for competitions, profiles, datasets and modules.

With made-up rows and without a network: limits, schedule, epsilon, ties, NaN; the same draw for the same seed, ends in time, errors with codes,
no credential shown. Of a folder, what package.json needs to be installed; the files that npm packs of it are then checked, away from its
devDependencies. Datasets, tokenizers, architectures and competitions that it names have to be installed, as the config file has them. Exit 1
when a check fails.`;

  static override readonly examples = [
    '<%= config.bin %> competition check .',
    '<%= config.bin %> competition check ./dist/index.js --json',
  ];

  static override readonly args = {
    package: Args.string({ description: 'Folder, module or name of the package.', required: true }),
  };
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CompetitionCheck);
    const [{ findPackage }, { plainTable }, { LiveLine }, { printable }] = await Promise.all([
      import('../../plugin-packages.js'),
      import('../../report/plain-table.js'),
      import('../../report/live-line.js'),
      import('@assay/core/errors/printable'),
    ]);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const root = await findPackage(args.package, process.cwd());
    const live = flags.json ? undefined : LiveLine.on(process.stderr);
    const results = await this.#check(root, args.package, surroundings, (subject, check) =>
      live?.show(printable(`${subject}: ${check}`, 200)),
    );
    live?.clear();
    this.answer(
      flags.json,
      results.map(({ subject, name, reason, hint }) => ({
        subject,
        name,
        passed: reason === undefined,
        reason: reason ?? null,
        hint: hint ?? null,
      })),
      () =>
        plainTable(
          ['of', 'check', 'result', 'reason'],
          results.map(({ subject, name, reason, hint }) => [
            subject,
            name,
            reason === undefined ? 'passed' : 'failed',
            [reason ?? '', ...(hint === undefined ? [] : [`→ ${hint}`])].join('\n'),
          ]),
        ),
    );
    if (results.some(({ reason }) => reason !== undefined)) process.exitCode = 1;
  }

  async #check(
    root: string,
    shown: string,
    surroundings: Surroundings,
    onCheck: (subject: string, check: string) => void,
  ): Promise<CheckResult[]> {
    const [
      { checkPluginPackage },
      { installationOf, moduleChecks },
      { checkManifest },
      { packedCopy },
      { importPackage },
    ] = await Promise.all([
      import('@assay/core/testing/plugin-conformance'),
      import('../../competitions/installation.js'),
      import('../../competitions/manifest-checks.js'),
      import('../../competitions/packed-copy.js'),
      import('../../plugin-packages.js'),
    ]);
    const { results, readable, published } = await checkManifest(root, shown, this.config.root, onCheck);
    if (!readable) return results;
    const exported = await importPackage(published ? await packedCopy(root, shown) : root, shown);
    const datasets = Object.fromEntries(
      Object.entries(surroundings.config.datasets).map(([id, options]) => [id, { options }]),
    );
    return [
      ...results,
      ...(await moduleChecks(shown, exported, onCheck)),
      ...(await checkPluginPackage(shown, exported, {
        datasets,
        installation: installationOf(exported, surroundings, new AbortController().signal),
        onCheck,
      })),
    ];
  }

  /** A dataset that was given up on may go on for ever, and keep the process. */
  protected override async finally(error: Error | undefined): Promise<void> {
    await super.finally(error);
    if (error !== undefined) return;
    process.stdout.write('', () => {
      process.exit();
    });
  }
}
