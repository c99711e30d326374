import { join } from 'node:path';
import type { Choice } from '../plugin/choice.js';
import { checkedOptions } from '../plugin/registry.js';
import { FAN_OUT_DEFAULTS, ReporterFanOut, type NamedReporter } from '../reporting/fan-out.js';
import type { Surroundings } from './surroundings.js';
import { pluginDeps } from './make.js';
import { requireReady } from './require-ready.js';

/**
 * Makes the chosen reporters, one fan-out over all of them. A run that is offline gets those only that keep events on
 * this machine.
 * @throws IMPLEMENTATION_UNKNOWN, OPTIONS_INVALID, what a reporter refuses to start with
 */
export async function buildReporters(
  choices: readonly Choice[],
  surroundings: Omit<Surroundings, 'reporter'>,
  signal: AbortSignal,
): Promise<ReporterFanOut> {
  const { registry, config, dataDir, disposers, log } = surroundings;
  const reporters: NamedReporter[] = [];
  for (const { use, ...given } of choices) {
    const factory = registry.reporter(use);
    const options: unknown = checkedOptions(`reporter (${use})`, factory.options, given);
    if (factory.remote === true && config.offline) {
      log('info', 'a remote reporter is left out: the run is offline', { name: use });
      continue;
    }
    const place = { dataDir: join(dataDir, 'reporters'), outer: [], disposers };
    const deps = pluginDeps(surroundings, place, signal);
    await requireReady(`reporter (${use})`, () => factory.check?.(options, deps, signal), log);
    const reporter = await factory.create(options, deps, signal);
    reporters.push({ name: use, reporter });
  }
  return new ReporterFanOut(FAN_OUT_DEFAULTS, { reporters, log });
}
