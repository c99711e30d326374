import { z } from 'zod';
import type { Log } from '@assay/core/contracts/logger';
import { checkedOptions } from '@assay/core/plugin/registry';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { FIRST_LIBRARY, libraryVersion, type Library } from '../library.js';

/** Options of every plugin whose processes compute graphs of models. */
export const processOptions = z.strictObject({
  network: z
    .enum(['allow', 'deny', 'deny-if-possible'])
    .default('deny-if-possible')
    .describe('Whether the process may reach the network. Taking it away needs Linux.'),
  library: libraryVersion
    .optional()
    .describe(
      "Version of transformers whose classes, rules of loading and rules of generation are followed. Left out: the competition's or the profile's; 4.44 where none says it. Said of the evaluator it holds for the inspector too.",
    ),
});

const subnetOptions = z.object({ library: libraryVersion.default(FIRST_LIBRARY) });

/** By version and modules: the evaluator and the inspector are given the same ones, and warn once. */
const usableByModules = new Map<string, Promise<string[]>>();

/** Every architecture comes with it, and most validators have no module of another package. */
const loaded = (): Promise<typeof import('../architectures/load-modules.js')> =>
  import('../architectures/load-modules.js');

/** Refuses a module that can't be used under some version of the library. @throws ARCHITECTURE_MODULE, ARCHITECTURE_DUPLICATE */
export const checkModule = async (url: string): Promise<void> => (await loaded()).checkArchitectures(url);

function usable(modules: readonly string[], library: Library, log: Log): Promise<string[]> {
  if (modules.length === 0) return Promise.resolve([]);
  const key = JSON.stringify([library, modules]);
  const known = usableByModules.get(key) ?? loaded().then(({ usableModules }) => usableModules(modules, library, log));
  usableByModules.set(key, known);
  return known;
}

/** What the subnet judges by; the version of netuid 9 where nothing says it. @throws OPTIONS_INVALID */
function libraryFor(option: Library | undefined, { library }: PluginDeps): Library {
  if (option !== undefined) return option;
  return checkedOptions('library of competition or profile', subnetOptions, { library }).library;
}

/** The version of the library and the modules, as `workerSettings` reads them. */
export async function libraryEnvironment(
  wanted: Library | undefined,
  deps: PluginDeps,
): Promise<Readonly<Record<string, string>>> {
  const library = libraryFor(wanted, deps);
  return {
    ASSAY_EVALUATOR_LIBRARY: library,
    ASSAY_EVALUATOR_MODULES: JSON.stringify(await usable(deps.modules, library, deps.log)),
  };
}
