import { Args, Flags } from '@oclif/core';
import type { EvaluationAnswer } from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import type { TextLossDetails } from '@assay/core/contracts/task-kinds';
import { BaseCommand, commonFlags } from '../base-command.js';
import { plainTable } from '../report/plain-table.js';

export default class Evaluate extends BaseCommand {
  static override readonly description = `Score one model folder on given token sequences.

Prints losses, perplexity, the reasonable-output verdict and what was generated for it. A model that is refused, or whose
losses are not finite, is an error with a code and a non-zero exit; an unreasonable output is an answer.`;

  static override readonly examples = ['<%= config.bin %> evaluate ./my-model --sequences batches.json --json'];

  static override readonly args = {
    model: Args.string({ description: 'Folder with config.json and safetensors.', required: true }),
  };

  static override readonly flags = {
    ...commonFlags,
    sequences: Flags.string({ description: 'JSON file: {batches: [batch][row][token], prompt_length, pad_token_id}.', required: true }),
    device: Flags.string({ description: 'Device of the evaluator, e.g. cpu.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Evaluate);
    const signal = new AbortController();
    process.once('SIGINT', () => {
      signal.abort();
    });
    const [{ readSequences }, { evaluateFolder }, { buildContainer }] = await Promise.all([
      import('../sequences-file.js'),
      import('../evaluate-folder.js'),
      import('@assay/core/composition/container'),
    ]);
    const sequences = await readSequences(flags.sequences);
    const surroundings = await this.surroundings(await this.loadConfig(flags), 'read');
    const container = buildContainer(surroundings, signal.signal);
    const { facts, answer, details } = await evaluateFolder(container, args.model, sequences, signal.signal);
    this.answer(flags.json, documentOf(facts, answer, details), () => textOf(facts, answer, details));
  }
}

function documentOf(facts: ModelFacts, answer: EvaluationAnswer, details: TextLossDetails): Record<string, unknown> {
  const meanLoss = answer.results[0]?.rawScore ?? null;
  return {
    architecture: facts.architecture,
    parameterCount: facts.parameterCount,
    dtypes: facts.dtypes,
    evaluationDigest: facts.evaluationDigest,
    unusedTensors: facts.unusedTensors,
    losses: details.losses,
    meanLoss,
    perplexity: meanLoss === null ? null : Math.exp(meanLoss),
    reasonable: details.reasonable,
    generations: details.generations,
    logitsSpot: details.logitsSpot ?? [],
    numerics: answer.numerics,
    timings: answer.timings,
  };
}

function textOf(facts: ModelFacts, answer: EvaluationAnswer, details: TextLossDetails): string {
  const meanLoss = answer.results[0]?.rawScore ?? NaN;
  const summary: [string, string][] = [
    ['architecture', facts.architecture],
    ['parameters', `${facts.parameterCount} (${facts.dtypes.join(', ')})`],
    ['mean loss', meanLoss.toFixed(6)],
    ['perplexity', Math.exp(meanLoss).toFixed(3)],
    ['reasonable', details.reasonable === null ? 'not checked' : details.reasonable ? 'yes' : 'no'],
    ['numerics', Object.values(answer.numerics).join(', ')],
    ['time', `load ${answer.timings.loadMs.toFixed(0)} ms, compute ${answer.timings.computeMs.toFixed(0)} ms`],
    ...(facts.unusedTensors.length > 0 ? [['unused tensors', String(facts.unusedTensors.length)] as [string, string]] : []),
  ];
  return [plainTable(['', ''], summary), plainTable(['batch', 'loss'], details.losses.map((loss, index) => [index, loss.toFixed(6)]))].join('\n\n');
}
