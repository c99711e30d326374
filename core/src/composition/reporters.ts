import { checkedOptions } from '../plugin/registry.js';
import { FAN_OUT_DEFAULTS, ReporterFanOut, type NamedReporter } from '../reporting/fan-out.js';
import { pluginDeps, type Surroundings } from './container.js';

/** A reporter as the config chooses it: `use` names it, the keys beside it are its options. */
export interface ReporterChoice {
  use: string;
  [option: string]: unknown;
}

/**
 * Makes the chosen reporters, one fan-out over all of them. A run that is offline gets those only that keep events on
 * this machine.
 * @throws IMPLEMENTATION_UNKNOWN, OPTIONS_INVALID, what a reporter refuses to start with
 */
export async function buildReporters(
  choices: readonly ReporterChoice[],
  surroundings: Omit<Surroundings, 'reporter'>,
  signal: AbortSignal,
): Promise<ReporterFanOut> {
  const { registry, config, log } = surroundings;
  const reporters: NamedReporter[] = [];
  for (const { use, ...given } of choices) {
    const factory = registry.reporter(use);
    const options: unknown = checkedOptions(`reporter (${use})`, factory.options, given);
    if (factory.remote === true && config.offline) {
      log('info', 'a remote reporter is left out: the run is offline', { name: use });
      continue;
    }
    const reporter = await factory.create(options, pluginDeps(surroundings, 'reporters'), signal);
    reporters.push({ name: use, reporter });
  }
  return new ReporterFanOut(FAN_OUT_DEFAULTS, { reporters, log });
}
