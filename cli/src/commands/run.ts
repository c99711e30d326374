import { Flags } from '@oclif/core';
import type { Choice } from '@assay/core/plugin/choice';
import { BaseCommand, commonFlags } from '../base-command.js';

export default class Run extends BaseCommand {
  static override readonly description = `Validate: watch the chain, fetch and verify models, judge them round by round, set weights.

Ctrl+C ends within seconds and loses nothing; a second one ends at once. Started again, it continues.`;

  static override readonly examples = [
    '<%= config.bin %> run --config validator.yaml',
    '<%= config.bin %> run --config validator.yaml --once --dry-run',
    '<%= config.bin %> run --config examples/demo.yaml --rounds 3 --json',
  ];

  static override readonly flags = {
    ...commonFlags,
    rounds: Flags.integer({ description: 'End after this many rounds.', min: 1, exclusive: ['once', 'until-idle'] }),
    once: Flags.boolean({ description: 'One round of every scheduled competition, weights once, then end.' }),
    'until-idle': Flags.boolean({
      description:
        'Judge each competition in which something has changed, set weights if they are due, and end when no claim waits.',
      exclusive: ['once'],
    }),
    offline: Flags.boolean({ description: 'No registration check, no weights, no remote reporters.' }),
    'dry-run': Flags.boolean({ description: 'Show the weights that would be set, and why, instead of setting them.' }),
    'dont-set-weights': Flags.boolean({ description: 'Judge, but leave the chain alone.' }),
    'i-am-the-only-one': Flags.boolean({
      description: 'No other validator uses the hotkey: set weights again after DOPPELGANGER. It counts at the start.',
    }),
    device: Flags.string({ description: 'Device of the evaluator, e.g. cpu.' }),
    'sample-min': Flags.integer({ description: 'Models kept per competition for the next round.', min: 1 }),
    'updated-models-limit': Flags.integer({ description: 'Backlog at which model sync waits.', min: 1 }),
    'model-dir': Flags.string({ description: 'Folder in which models are kept.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Run);
    const signal = stopOnSignals();
    try {
      await this.#validate(flags, signal);
    } catch (error) {
      // Asked to stop while still starting: what it was in the middle of may fail in any way, and nothing is lost.
      if (!signal.aborted) throw error;
    }
  }

  async #validate(
    flags: Readonly<Record<string, unknown>> & {
      json: boolean;
      once: boolean;
      'until-idle': boolean;
      rounds?: number | undefined;
    },
    signal: AbortSignal,
  ): Promise<void> {
    // Events go to a log as a rule, and weights do not wait for one.
    this.outputMayFail = true;
    const loaded = await this.loadConfig(flags);
    const [{ terminalPlugin }, { buildContainer }, { buildReporters }, { composeValidator }] = await Promise.all([
      import('../report/terminal-plugin.js'),
      import('@assay/core/composition/container'),
      import('@assay/core/composition/reporters'),
      import('@assay/core/composition/compose-validator'),
    ]);
    const surroundings = await this.surroundings(loaded, 'validate', (rest) => {
      const registry = rest.registry.with(terminalPlugin(process.stdout, rest.log));
      return buildReporters(chosenReporters(loaded.config.reporters, flags.json), { ...rest, registry }, signal);
    });
    const { config, profile } = surroundings;
    const validator = await composeValidator(
      buildContainer(surroundings, signal),
      surroundings,
      {
        version: this.config.version,
        dataDir: surroundings.dataDir,
        updatedModelsLimit: profile.updatedModelsLimit,
        once: flags.once,
        untilIdle: flags['until-idle'],
        rounds: flags.rounds,
        offline: config.offline,
        dryRun: config.dryRun,
        setWeights: config.setWeights,
        readOnly: config.readOnly,
        iAmTheOnlyOne: config.iAmTheOnlyOne,
      },
      signal,
    );

    const { reason, recorded, weightsSettled } = await validator.run(signal);
    const isUndone = reason === 'rounds-done' && recorded === 0;
    if (reason !== 'signal' && (isUndone || !weightsSettled)) process.exitCode = NOTHING_DONE;
  }
}

/** Text on stdout unless the config says otherwise; with --json, JSON lines there in its place. */
function chosenReporters(given: readonly Choice[] = [{ use: 'text' }], json: boolean): Choice[] {
  if (!json) return [...given];
  return [{ use: 'json' }, ...given.filter(({ use }) => use !== 'text' && use !== 'json')];
}

/** Exit code of a run that ended by itself and recorded no round that it was asked for, or did not set the weights. */
const NOTHING_DONE = 3;

/** The first Ctrl+C or SIGTERM asks, the second one insists. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('Stopping; press Ctrl+C again to stop at once.\n');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}
