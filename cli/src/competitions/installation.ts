import { buildContainer, pluginDeps, type Surroundings } from '@assay/core/composition/container';
import { EVALUATOR, MODEL_INSPECTOR, type Evaluator, type ModelInspector } from '@assay/core/contracts/evaluator';
import { TOKENIZER_LOADER, type TokenizerLoader } from '@assay/core/contracts/tokenizer';
import { isAssayError } from '@assay/core/errors/assay-error';
import { checkPlugin } from '@assay/core/plugin/check';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import { noRows } from '@assay/core/testing/made-up-rows';
import type { Installation } from '@assay/core/testing/plugin-conformance';

/** What is installed, with a package that may not be. Nothing starts before it is asked for. */
export function installationOf(exported: unknown, surroundings: Surroundings, signal: AbortSignal): Installation {
  const beside = { ...surroundings, registry: withPackage(surroundings.registry, exported) };
  const container = buildContainer(beside, signal);
  return {
    registry: beside.registry,
    datasets: surroundings.config.datasets,
    tokenizers: () => container.getAsync<TokenizerLoader>(TOKENIZER_LOADER),
    evaluator: () => container.getAsync<Evaluator>(EVALUATOR),
    inspector: () => container.getAsync<ModelInspector>(MODEL_INSPECTOR),
    datasetDeps: { ...pluginDeps(beside, 'datasets'), rows: noRows },
  };
}

/** What is no plugin at all is the first check's business. @throws PLUGIN_DUPLICATE */
function withPackage(registry: PluginRegistry, exported: unknown): PluginRegistry {
  try {
    return registry.with(checkPlugin('', exported));
  } catch (error) {
    if (isAssayError(error) && error.code !== 'PLUGIN_DUPLICATE') return registry;
    throw error;
  }
}
