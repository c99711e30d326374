import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Evaluate extends BaseCommand {
  static override readonly description = `Score one model: how it would do, and whether it would be accepted.

MODEL is a folder, or NAMESPACE/NAME@REVISION, which is fetched through the configured store. It is scored on token
sequences from a file, or on a competition's own samples and against its limits. With --against it plays a round against another model.

A model that is refused, or whose losses are not finite, is an error with a code and exit 1. So is, with --competition, one
that would not be accepted; the answer is printed all the same.`;

  static override readonly examples = [
    '<%= config.bin %> evaluate ./my-model --sequences batches.json --json',
    '<%= config.bin %> evaluate ./my-model --competition refined-web',
    '<%= config.bin %> evaluate ./my-model --competition duel --against king',
    '<%= config.bin %> evaluate someone/model@0123456789abcdef0123456789abcdef01234567 --competition 2 --seed 7',
  ];

  static override readonly args = {
    model: Args.string({
      description: 'Folder with config.json and safetensors, or NAMESPACE/NAME@REVISION.',
      required: true,
    }),
  };

  static override readonly flags = {
    ...commonFlags,
    sequences: Flags.string({ description: 'JSON file: {batches: [batch][row][token], prompt_length, pad_token_id}.' }),
    competition: Flags.string({ description: 'Name or number of an installed competition: its data and its limits.' }),
    seed: Flags.string({
      description: 'Seed of the samples; when left out that of the newest sync block, or 1 where no chain can be read.',
      dependsOn: ['competition'],
    }),
    against: Flags.string({
      description:
        'Who is challenged: `king` for the model that reigns, the uid of a claim, a folder, or NAMESPACE/NAME@REVISION.',
      dependsOn: ['competition'],
    }),
    losses: Flags.boolean({ description: 'List the loss of every sequence, however many.' }),
    device: Flags.string({ description: 'Device of the evaluator: cpu, cuda, webgpu.' }),
    'compute-type': Flags.string({ description: 'Type of activations: float32, bfloat16, float16.' }),
    attention: Flags.string({ description: 'Rule of sliding windows: eager, flash.' }),
    library: Flags.string({
      description:
        "Version of transformers to follow: 4.44, 4.57, 5. Left out: the config's or the competition's, else the one that saved the folder.",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Evaluate);
    const abort = new AbortController();
    process.once('SIGINT', () => {
      abort.abort();
    });
    const [{ evaluate }, { documentOf }, { textOf }, { buildContainer }, { LiveLine }, { printable }] =
      await Promise.all([
        import('../evaluate/evaluate.js'),
        import('../evaluate/document.js'),
        import('../evaluate/text.js'),
        import('@assay/core/composition/container'),
        import('../report/live-line.js'),
        import('@assay/core/errors/printable'),
      ]);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const live = flags.json ? undefined : LiveLine.on(process.stderr);
    const tell = (progress: string): void => live?.show(printable(progress, 200));
    const container = buildContainer(surroundings, abort.signal);
    try {
      const evaluation = await evaluate(container, surroundings, { model: args.model, ...flags }, tell, abort.signal);
      live?.clear();
      this.answer(flags.json, documentOf(evaluation), () => textOf(evaluation, flags.losses));
      if (evaluation.competition?.acceptance.accepted === false) process.exitCode = 1;
    } finally {
      live?.clear();
    }
  }
}
