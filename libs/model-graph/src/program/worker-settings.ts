import { z } from 'zod';
import { HOST_PACKAGES, provideModules } from '@assay/core/plugin/provided-modules';
import { attentionRule, type AttentionRule } from '../architectures/architecture.js';
import { loadArchitectures } from '../architectures/load-modules.js';
import { Registry } from '../architectures/registry.js';
import { FIRST_LIBRARY, libraryVersion } from '../library.js';
import { computeType, type ComputeType } from './compute-type.js';

/** Settings that every evaluating process reads from its environment. */
export interface WorkerSettings {
  registry: Registry;
  attention: AttentionRule;
  computeType: ComputeType;
  /** Modules with architectures of other packages, as file URLs. */
  modules: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

export function workerSettings(environment: Environment): WorkerSettings {
  return {
    registry: new Registry(libraryVersion.parse(environment['ASSAY_EVALUATOR_LIBRARY'] ?? FIRST_LIBRARY)),
    attention: attentionRule.parse(environment['ASSAY_EVALUATOR_ATTENTION'] ?? 'eager'),
    computeType: computeType.parse(environment['ASSAY_EVALUATOR_COMPUTE_TYPE'] ?? 'float32'),
    modules: z.array(z.string()).parse(JSON.parse(environment['ASSAY_EVALUATOR_MODULES'] ?? '[]')),
  };
}

/**
 * Adds the architectures of other packages. Their modules import values of the core and of Assay's plugins, which they don't
 * bring.
 * @param from URL of a module that finds these packages
 */
export async function addModules({ registry, modules }: WorkerSettings, from: string): Promise<void> {
  if (modules.length === 0) return;
  provideModules(HOST_PACKAGES.map((one) => ({ ...one, from })));
  await loadArchitectures(modules, registry);
}
