import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Evaluate extends BaseCommand {
  static override readonly description = `Score one model: how it would do, and whether it would be accepted.

MODEL is a folder, or NAMESPACE/NAME@REVISION, which is fetched through the configured store. It is scored on token
sequences from a file, or on a competition's own samples and against its limits.

A model that is refused, or whose losses are not finite, is an error with a code and exit 1. So is, with --competition, one
that would not be accepted; the answer is printed all the same.`;

  static override readonly examples = [
    '<%= config.bin %> evaluate ./my-model --sequences batches.json --json',
    '<%= config.bin %> evaluate ./my-model --competition refined-web',
    '<%= config.bin %> evaluate someone/model@0123456789abcdef0123456789abcdef01234567 --competition 2 --seed 7',
  ];

  static override readonly args = {
    model: Args.string({ description: 'Folder with config.json and safetensors, or NAMESPACE/NAME@REVISION.', required: true }),
  };

  static override readonly flags = {
    ...commonFlags,
    sequences: Flags.string({ description: 'JSON file: {batches: [batch][row][token], prompt_length, pad_token_id}.' }),
    competition: Flags.string({ description: 'Name or number of an installed competition: its data and its limits.' }),
    seed: Flags.string({ description: 'Seed of the samples; that of the newest shared block when left out.', dependsOn: ['competition'] }),
    losses: Flags.boolean({ description: 'List the loss of every sequence, however many.' }),
    device: Flags.string({ description: 'Device of the evaluator: cpu, cuda, webgpu.' }),
    'compute-type': Flags.string({ description: 'Type of activations: float32, bfloat16, float16.' }),
    attention: Flags.string({ description: 'Rule of sliding windows: eager, flash.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Evaluate);
    const abort = new AbortController();
    process.once('SIGINT', () => {
      abort.abort();
    });
    const { signal } = abort;
    const [{ evaluateErrors }, { findModel }, { drawCompetition, questionOfSequences }, { evaluateModel, evaluateOrSayWhyNot, inspect }, { acceptanceOf }, { documentOf, textOf }, { readSequences }, { buildContainer }] =
      await Promise.all([
        import('../evaluate/errors.js'),
        import('../evaluate/find-model.js'),
        import('../evaluate/questions.js'),
        import('../evaluate/evaluate-model.js'),
        import('../evaluate/acceptance.js'),
        import('../evaluate/present.js'),
        import('../evaluate/sequences-file.js'),
        import('@assay/core/composition/container'),
      ]);
    if ((flags.sequences === undefined) === (flags.competition === undefined)) throw evaluateErrors.EVALUATE_ON_WHAT({});
    const sequences = flags.sequences === undefined ? undefined : await readSequences(flags.sequences);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const container = buildContainer(surroundings, signal);
    const tell = progressLine(flags.json);
    const found = await findModel(container, args.model, ({ path, done, total }) => {
      tell(`fetching ${path}: ${Math.round((100 * done) / Math.max(total, 1))} %`);
    }, signal);
    const facts = await inspect(container, found, signal);
    const drawn = flags.competition === undefined ? undefined : await drawCompetition(container, surroundings, flags.competition, seedOf(flags.seed, (seed) => evaluateErrors.SEED_INVALID({ seed })), signal);
    const questions = drawn?.questions ?? (sequences ? [questionOfSequences(sequences, flags.sequences ?? '', facts.vocabularySize)] : []);
    const evaluated = await (drawn ? evaluateOrSayWhyNot : evaluateModel)(container, found, facts, questions, ({ phase, done, total }) => {
      tell(`${phase}: ${done} of ${total}`);
    }, signal);
    tell('');
    const competition = drawn && { drawn, acceptance: acceptanceOf(drawn, facts, found.totalBytes, evaluated) };
    const evaluation = { ...evaluated, facts, totalBytes: found.totalBytes, ...(competition ? { competition } : {}) };
    this.answer(flags.json, documentOf(evaluation), () => textOf(evaluation, flags.losses));
    if (competition && !competition.acceptance.accepted) process.exitCode = 1;
  }
}

function seedOf(given: string | undefined, invalid: (seed: string) => Error): bigint | undefined {
  if (given === undefined) return undefined;
  if (!/^\d{1,80}$/.test(given)) throw invalid(given);
  return BigInt(given);
}

/** One line on a terminal's stderr that is written over; nothing where nobody looks. */
function progressLine(json: boolean): (text: string) => void {
  if (json || !process.stderr.isTTY) return () => undefined;
  return (text) => {
    process.stderr.write(`\r\u001b[2K${text}`);
  };
}
