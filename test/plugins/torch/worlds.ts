import { tmpdir } from 'node:os';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { abortError } from '@assay/core/errors/describe';
import plugin from '@assay/plugin-torch';

const { signal } = new AbortController();

const deps: PluginDeps = {
  clock: { now: (): number => Date.now(), sleep: async (): Promise<void> => Promise.reject(abortError()) },
  dataDir: tmpdir(),
  netuid: 1,
  modules: [],
  make: makesNothing,
  environment: {},
  log: (): void => undefined,
  resolvePath: (path: string): string => path,
};

function factory() {
  const { evaluator } = plugin.provides;
  if (!evaluator) throw new Error('the plugin provides no evaluator');
  return evaluator;
}

/** @param modules file URLs of architectures that are added */
export function newEvaluator(given: Record<string, unknown>, modules: string[] = []): Promise<Evaluator> {
  const options: unknown = factory().options.parse(given);
  return factory().create(options, { ...deps, modules }, signal);
}

/** What is checked before a run. */
export async function check(given: Record<string, unknown>): Promise<void> {
  const options: unknown = factory().options.parse(given);
  await factory().check?.(options, deps, signal);
}
