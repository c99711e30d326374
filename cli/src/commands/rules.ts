import { Args } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Rules extends BaseCommand {
  static override readonly description = `Installed rules by the door that they stand behind: what each decides, its parameters, and the package that brings it.

A competition or a profile chooses one by its name: { rule: NAME, ...parameters }.`;

  static override readonly examples = [
    '<%= config.bin %> rules',
    '<%= config.bin %> rules standingRules',
    '<%= config.bin %> rules --config validator.yaml --json',
  ];

  static override readonly args = {
    door: Args.string({ description: 'A door, such as matchRules, or the name of a rule.' }),
  };
  static override readonly flags = { config: commonFlags.config, json: commonFlags.json };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Rules);
    const [{ describedRules }, { rulesText }] = await Promise.all([
      import('../rules/describe.js'),
      import('../rules/text.js'),
    ]);
    const { registry } = await this.loadConfig(flags);
    const doors = describedRules(registry.rules, args.door);
    this.answer(flags.json, { doors }, () => rulesText(doors));
  }
}
