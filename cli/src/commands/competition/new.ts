import { NewPackageCommand } from '../../scaffold/new-package-command.js';

export default class CompetitionNew extends NewPackageCommand {
  static override readonly description =
    'Make a package of a new competition: it builds, passes its checks and runs on the demo network.';
  static override readonly examples = ['<%= config.bin %> competition new my-competition'];
  static override readonly args = NewPackageCommand.args;
  static override readonly flags = NewPackageCommand.flags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CompetitionNew);
    const { scaffoldCompetition } = await import('../../scaffold/new-competition.js');
    await this.makePackage(
      'competition',
      { name: args.name, ...flags },
      (folder, packages) => scaffoldCompetition(args.name, folder, packages),
      { next: ['npm test', 'npm run demo'], page: 'docs/build/competition.md' },
    );
  }
}
