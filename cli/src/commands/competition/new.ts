import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../../base-command.js';

export default class CompetitionNew extends BaseCommand {
  static override readonly description =
    'Make a package of a new competition: it builds, passes its checks and runs on the demo network.';
  static override readonly examples = ['<%= config.bin %> competition new my-competition'];
  static override readonly args = {
    name: Args.string({ description: 'Its name: lower-case letters, digits and dashes.', required: true }),
  };
  static override readonly flags = {
    folder: Flags.string({ description: 'Folder of the package; the name when left out.' }),
    json: commonFlags.json,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CompetitionNew);
    const [{ scaffoldCompetition }, { findPackage }] = await Promise.all([
      import('../../competitions/scaffold.js'),
      import('../../plugin-packages.js'),
    ]);
    const folder = resolve(flags.folder ?? args.name);
    const packageAt = async (name: string): Promise<string> => realpath(await findPackage(name, this.config.root));
    const packages = {
      validator: await realpath(this.config.root),
      core: await packageAt('@assay/core'),
      demo: await packageAt('@assay/competition-demo'),
    };
    const files = await scaffoldCompetition({ name: args.name, folder, packages });
    this.answer(flags.json, { folder, files }, () =>
      [
        `Made in ${folder}:`,
        ...files.map((file) => `  ${file}`),
        '',
        'Next:',
        `  cd ${flags.folder ?? args.name}`,
        '  npm install',
        '  npm test',
        '  npm run demo',
        '',
        'docs/build/competition.md says what everything means.',
      ].join('\n'),
    );
  }
}
