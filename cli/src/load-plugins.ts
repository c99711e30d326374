import type { Config } from '@assay/core/config/schema';
import { checkPlugin } from '@assay/core/plugin/check';
import { CONTRACT_NAMES } from '@assay/core/plugin/contracts';
import type { CheckedPlugin } from '@assay/core/plugin/plugin';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { findPackage, installedPackages, loadPackage } from './plugin-packages.js';
import { COMPETITIONS, IMPLEMENTATIONS, ALWAYS_LOADED } from './built-in-plugins.js';

/**
 * The chosen implementations, all competitions, and the packages that the config and `validator plugins` add.
 * @param dataDir where `validator plugins` keeps what it installs
 */
export async function loadPlugins(config: Config, configDir: string, dataDir: string): Promise<PluginRegistry> {
  const names = [...new Set(CONTRACT_NAMES.map((contract) => config[contract].use))];
  const installed = await installedPackages(dataDir);
  const loading: Promise<CheckedPlugin>[] = [
    ...[...new Set([...names, ...ALWAYS_LOADED])].flatMap((name) => {
      const load = IMPLEMENTATIONS[name];
      return load ? [builtIn(name, load)] : [];
    }),
    ...Object.entries(COMPETITIONS).map(([name, load]) => builtIn(name, load)),
    ...config.plugins.map(async (name) => loadPackage(await findPackage(name, configDir), name)),
    ...installed.map(({ name, root }) => loadPackage(root, name)),
  ];
  const plugins = await Promise.all(loading);
  return new PluginRegistry([...plugins, ...(await theRest(names, plugins))]);
}

/** Nobody has what the config names: the message to come says what there is, so the rest is looked at as well. */
async function theRest(names: readonly string[], loaded: readonly CheckedPlugin[]): Promise<CheckedPlugin[]> {
  const known = new Set(loaded.map(({ name }) => name));
  if (names.every((name) => known.has(name))) return [];
  const rest = Object.entries(IMPLEMENTATIONS).filter(([name]) => !known.has(name));
  return Promise.all(rest.map(([name, load]) => builtIn(name, load)));
}

async function builtIn(name: string, load: () => Promise<{ default: unknown }>): Promise<CheckedPlugin> {
  return checkPlugin(name, (await load()).default);
}
