import { Args } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Competitions extends BaseCommand {
  static override readonly description = `Installed competitions: tasks and weights, limits, epsilon and its decay, reward share by block, credentials and whether they are there.

Nothing is asked of any service: a credential that is there may still be refused.`;

  static override readonly examples = [
    '<%= config.bin %> competitions',
    '<%= config.bin %> competitions the-stack-v2',
    '<%= config.bin %> competitions --config validator.yaml --json',
  ];

  static override readonly args = {
    name: Args.string({ description: 'Name of a competition, or of a package for all of its own.' }),
  };
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Competitions);
    const [{ describeCompetition }, { competitionsText }, { paletteFor }, { isTerminal }] = await Promise.all([
      import('../competitions/describe.js'),
      import('../competitions/text.js'),
      import('../report/palette.js'),
      import('../report/terminal.js'),
    ]);
    const { config, registry } = await this.loadConfig(flags);
    const shown = args.name === undefined ? registry.competitions() : registry.competitionsOf(args.name);
    const described = shown.map((competition) =>
      describeCompetition(competition, { registry, config, environment: process.env }),
    );
    this.answer(flags.json, { competitions: described }, () =>
      competitionsText(described, paletteFor(isTerminal(process.stdout))),
    );
  }
}
