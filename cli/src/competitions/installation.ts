import { join } from 'node:path';
import { buildContainer } from '@assay/core/composition/container';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { pluginDeps } from '@assay/core/composition/make';
import { EVALUATOR, MODEL_INSPECTOR, type Evaluator, type ModelInspector } from '@assay/core/contracts/evaluator';
import { TOKENIZER_LOADER, type TokenizerLoader } from '@assay/core/contracts/tokenizer';
import { isAssayError } from '@assay/core/errors/assay-error';
import { checkPlugin } from '@assay/core/plugin/check';
import type { CheckedPlugin } from '@assay/core/plugin/plugin';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import { runChecks, type CheckResult } from '@assay/core/testing/checks';
import { noRows } from '@assay/core/testing/made-up-rows';
import type { Installation } from '@assay/core/testing/plugin-conformance';
import { requireModules } from '../required-use.js';

/** What is installed, with a package that may not be. Nothing starts before it is asked for. */
export function installationOf(exported: unknown, surroundings: Surroundings, signal: AbortSignal): Installation {
  const beside = { ...surroundings, registry: withPackage(surroundings.registry, exported) };
  const container = buildContainer(beside, signal);
  const place = { dataDir: join(beside.dataDir, 'datasets'), outer: [], disposers: beside.disposers };
  return {
    registry: beside.registry,
    datasets: surroundings.config.datasets,
    tokenizers: () => container.getAsync<TokenizerLoader>(TOKENIZER_LOADER),
    evaluator: () => container.getAsync<Evaluator>(EVALUATOR),
    inspector: () => container.getAsync<ModelInspector>(MODEL_INSPECTOR),
    datasetDeps: { ...pluginDeps(beside, place, signal), rows: noRows },
  };
}

/** Whether the modules that a package brings can serve the plugins they are for. */
export async function moduleChecks(
  shown: string,
  exported: unknown,
  onCheck: (subject: string, check: string) => void,
): Promise<CheckResult[]> {
  const plugin = pluginOf(exported);
  if (!plugin?.provides.modules) return [];
  const checks = { 'brings modules that the plugin they are for can load': () => requireModules(plugin) };
  return runChecks(shown, checks, onCheck);
}

/** Undefined for what is no plugin: another check reports that. */
function pluginOf(exported: unknown): CheckedPlugin | undefined {
  try {
    return checkPlugin('', exported);
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}

/** With a package that may not be installed, in place of one of its name. @throws PLUGIN_DUPLICATE */
function withPackage(registry: PluginRegistry, exported: unknown): PluginRegistry {
  const plugin = pluginOf(exported);
  return plugin ? registry.with(plugin) : registry;
}
