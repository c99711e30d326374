import { Args, Flags } from '@oclif/core';
import { commonFlags } from '../../base-command.js';
import { ModelCommand } from '../../model-command.js';

export default class ModelPush extends ModelCommand {
  static override readonly description = `Publish a model and claim it on chain, as a miner.

The folder is checked against the competition, its files that count and its README are uploaded, read back the way a
validator fetches them, and claimed with the hotkey of the configured chain. Interrupted at any moment, it goes on when it is
called again: it never uploads a file twice and never commits a claim that stands. A claim that stands keeps its block.

Where the subnet reads revealed commitments, the claim is committed encrypted and opens by itself after --reveal-after blocks.
Any other commitment of the hotkey before that block replaces it.`;

  static override readonly examples = [
    '<%= config.bin %> model push ./my-model --repo me/my-model --competition refined-web --dry-run',
    '<%= config.bin %> model push ./my-model --repo me/my-model --competition refined-web --private-until-committed',
  ];

  static override readonly args = {
    folder: Args.directory({ description: 'Folder with config.json and safetensors.', required: true, exists: true }),
  };

  static override readonly flags = {
    ...commonFlags,
    repo: Flags.string({ description: 'NAMESPACE/NAME; made where it is missing.', required: true }),
    competition: Flags.string({ description: 'Name or number of an installed competition.', required: true }),
    hotkey: Flags.string({ description: 'Key to act with, in place of chain.hotkey in the config file.' }),
    'private-until-committed': Flags.boolean({ description: 'Make a new repo private until the claim is on chain.' }),
    'reveal-after': Flags.integer({
      description:
        'Blocks for which a claim stays encrypted, where the subnet reads revealed commitments; one tempo by default.',
      min: 1,
      max: 100_000,
    }),
    'replace-timelocked': Flags.boolean({
      description: 'Replace a timelocked commitment of the hotkey that has not opened yet.',
    }),
    'dry-run': Flags.boolean({ description: 'Check everything, and change nothing.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelPush);
    const [{ Push }, { pushText, repoOf }, { buildContainer }, { chainErrors }] = await Promise.all([
      import('../../model/push.js'),
      import('../../model/push-text.js'),
      import('@assay/core/composition/container'),
      import('@assay/core/chain/errors'),
    ]);
    const repo = repoOf(flags.repo);
    const signal = this.interruption();
    const { 'dry-run': dryRun, ...others } = flags;
    const loaded = await this.loadConfig(others);
    if (loaded.config.readOnly && !dryRun) throw chainErrors.READ_ONLY({ what: 'publishing and claiming a model' });
    const surroundings = await this.surroundings(loaded, dryRun ? 'read' : 'validate');
    const request = {
      directory: args.folder,
      ...{ repo, competition: flags.competition, dryRun },
      privateUntilCommitted: flags['private-until-committed'],
      revealAfter: flags['reveal-after'],
      replaceTimelocked: flags['replace-timelocked'],
    };
    const container = buildContainer(surroundings, signal);
    const pushed = await new Push(request, { container, surroundings, tell: await this.teller() }).run(signal);
    this.answer(flags.json, pushed, () => pushText(pushed));
  }
}
