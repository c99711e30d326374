import { BaseCommand, commonFlags } from '../../base-command.js';
import { plainTable } from '../../report/plain-table.js';

export default class EvaluatorCheck extends BaseCommand {
  static override readonly description = `Hold the configured evaluator to what every evaluator has to do.

A tiny model of known losses and known continuations is scored, twice, in parts, cut off and with weights that are no numbers. For authors of a program that
speaks docs/build/evaluator-protocol.md, and for operators before they trust a new device. Exit 1 when a check fails.`;

  static override readonly examples = [
    '<%= config.bin %> evaluator check',
    '<%= config.bin %> evaluator check --config torch.yaml --json',
  ];

  static override readonly flags = { ...commonFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(EvaluatorCheck);
    const abort = new AbortController();
    process.once('SIGINT', () => {
      abort.abort();
    });
    const [{ checkEvaluator }, { buildContainer }, { EVALUATOR }] = await Promise.all([
      import('@assay/core/testing/evaluator-conformance'),
      import('@assay/core/composition/container'),
      import('@assay/core/contracts/evaluator'),
    ]);
    const container = buildContainer(await this.surroundings(await this.loadConfig(flags), 'read'), abort.signal);
    const evaluator = await container.getAsync<import('@assay/core/contracts/evaluator').Evaluator>(EVALUATOR);
    const results = await checkEvaluator(evaluator, abort.signal);
    const numerics = await evaluator.numerics(abort.signal).catch(() => ({}));
    this.answer(
      flags.json,
      results.map(({ name, reason }) => ({ name, passed: reason === undefined, reason: reason ?? null })),
      () =>
        [
          plainTable(['numerics', ''], Object.entries(numerics)),
          plainTable(
            ['check', 'result', 'reason'],
            results.map(({ name, reason }) => [name, reason === undefined ? 'passed' : 'failed', reason ?? '']),
          ),
        ].join('\n\n'),
    );
    if (results.some(({ reason }) => reason !== undefined)) process.exitCode = 1;
  }
}
