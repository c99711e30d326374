import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { ModelCommand } from '../../model-command.js';

export default class ModelHash extends ModelCommand {
  static override readonly description = `Show what a commitment to a model binds: the hash, and which files it covers.

MODEL is a folder, or NAMESPACE/NAME@REVISION, which is fetched through the configured store. The hash is over the files that
the reference's library leaves in its folder, and over nothing else.`;

  static override readonly examples = [
    '<%= config.bin %> model hash ./my-model',
    '<%= config.bin %> model hash me/model@0123456789abcdef0123456789abcdef01234567 --hotkey 5F... --competition 2',
  ];

  static override readonly args = {
    model: Args.string({ description: 'Folder, or NAMESPACE/NAME@REVISION.', required: true }),
  };

  static override readonly flags = {
    ...commonFlags,
    hotkey: Flags.string({ description: 'ss58 address of the miner: shows what its claim has to carry.' }),
    competition: Flags.string({
      description: 'Name or number of an installed competition: shows the whole claim to a repo.',
      dependsOn: ['hotkey'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelHash);
    const [{ hashOf, hashText }, { buildContainer }, { fetchedText }] = await Promise.all([
      import('../../model/hash.js'),
      import('@assay/core/composition/container'),
      import('../../report/quantities.js'),
    ]);
    const signal = this.interruption();
    const { hotkey, ...others } = flags;
    const surroundings = await this.surroundings(await this.loadConfig(others), 'read');
    const tell = await this.teller();
    const found = await hashOf(
      buildContainer(surroundings, signal),
      surroundings,
      { model: args.model, hotkey, competition: flags.competition },
      (progress) => {
        tell.progress(`fetching ${fetchedText(progress)}`);
      },
      signal,
    );
    this.answer(flags.json, found, () => hashText(found));
  }
}
