import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { ModelCommand } from '../../model-command.js';

export default class ModelPull extends ModelCommand {
  static override readonly description = `Download a model the way a validator does, verified, into a folder of your own.

MODEL is a uid, whose claim on chain is read; "best", the winner of the newest round in the journal; or NAMESPACE/NAME@REVISION.
The files that count come through the configured store, which keeps them too.`;

  static override readonly examples = [
    '<%= config.bin %> model pull 7 --to ./seven',
    '<%= config.bin %> model pull best --competition refined-web',
    '<%= config.bin %> model pull someone/model@0123456789abcdef0123456789abcdef01234567',
  ];

  static override readonly args = {
    model: Args.string({ description: 'Uid, "best", or NAMESPACE/NAME@REVISION.', required: true }),
  };

  static override readonly flags = {
    ...commonFlags,
    to: Flags.string({ description: 'New or empty folder; named after the repo when left out.' }),
    competition: Flags.string({ description: 'Name or number: with "best", whose newest round is meant.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelPull);
    const [{ pull }, { buildContainer }, { printable }] = await Promise.all([
      import('../../model/pull.js'),
      import('@assay/core/composition/container'),
      import('@assay/core/errors/printable'),
    ]);
    const signal = this.interruption();
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const deps = { container: buildContainer(surroundings, signal), surroundings, tell: await this.teller() };
    const pulled = await pull(deps, { ...flags, model: args.model }, signal);
    const { folder, repo, revision, files } = pulled;
    const from = printable(`${repo}@${revision}`, 200);
    this.answer(flags.json, pulled, () => `${printable(folder, 500)}: ${files.length} files of ${from}`);
  }
}
