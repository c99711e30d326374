import { Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Queue extends BaseCommand {
  static override readonly description = `Who waits for a duel, since when and in which place, and who was refused and why.

It reads the data folder beside a running validator, and that of a validator that has stopped. The state of a claim is ready (its model
is fetched and verified), fetching (it is among the first), waiting, missing since a block, denied by the operator, or the code of
the error that blocks the queue.`;

  static override readonly examples = [
    '<%= config.bin %> queue --config validator.yaml',
    '<%= config.bin %> queue --config validator.yaml --all --json',
  ];

  static override readonly flags = {
    ...commonFlags,
    limit: Flags.integer({ description: 'Refusals that are listed, the newest first.', default: 10, min: 0 }),
    all: Flags.boolean({ description: 'List every refusal.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Queue);
    const [{ queueReport }, { queueText }] = await Promise.all([
      import('../queue/report.js'),
      import('../queue/text.js'),
    ]);
    const { all, limit, ...others } = flags;
    const surroundings = await this.surroundings(await this.loadConfig(others), 'read');
    const report = await queueReport(surroundings, all ? Number.POSITIVE_INFINITY : limit);
    this.answer(flags.json, report, () => queueText(report));
  }
}
