import type { Config } from '@assay/core/config/schema';
import type { Log } from '@assay/core/contracts/logger';
import { toAssayError } from '@assay/core/errors/describe';
import { checkPlugin } from '@assay/core/plugin/check';
import { CONTRACT_NAMES } from '@assay/core/plugin/contracts';
import type { CheckedPlugin } from '@assay/core/plugin/plugin';
import { requireRules } from '@assay/core/rules/require-rules';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { findPackage, installedPackages, loadPackage, nameOf, type InstalledPackage } from './plugin-packages.js';
import { COMPETITIONS, IMPLEMENTATIONS, ALWAYS_LOADED } from './built-in-plugins.js';
import { providePackages } from './provided-packages.js';

/**
 * The chosen implementations, all competitions, and the packages that the config and `validator plugins` add.
 * An installed package that does not load is left out with a warning, unless the config names something that is missing
 * without it.
 * @param dataDir where `validator plugins` keeps what it installs
 */
export async function loadPlugins(
  config: Config,
  configDir: string,
  dataDir: string,
  log: Log,
): Promise<PluginRegistry> {
  const names = [...new Set(CONTRACT_NAMES.flatMap((contract) => usesIn(config[contract])))];
  const [chosen, installed] = await Promise.all([chosenPackages(config, configDir), installedPackages(dataDir)]);
  providePackages([...(await Promise.all(chosen.map(named))), ...installed]);
  const loading: Promise<CheckedPlugin>[] = [
    ...[...new Set([...names, ...ALWAYS_LOADED])].flatMap((name) => {
      const load = IMPLEMENTATIONS[name];
      return load ? [builtIn(name, load)] : [];
    }),
    ...Object.entries(COMPETITIONS).map(([name, load]) => builtIn(name, load)),
    ...chosen.map(({ name, root }) => loadPackage(root, name)),
  ];
  const [plugins, added] = await Promise.all([
    Promise.all(loading),
    Promise.allSettled(installed.map(({ name, root }) => loadPackage(root, name))),
  ]);
  const whole = [...plugins, ...added.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))];
  const fromElsewhere = chosen.length + installed.length > 0;
  const registry = new PluginRegistry([...whole, ...(await theRest(names, whole, fromElsewhere))]);
  const broken = installed.flatMap(({ name }, index) => {
    const one = added[index];
    return one?.status === 'rejected' ? [{ name, error: one.reason as unknown }] : [];
  });
  if (broken[0] && lacks(registry, config)) throw broken[0].error;
  for (const { name, error } of broken) {
    const { code, message, hint } = toAssayError(error).toReport();
    log('warn', 'an installed package does not load and is left out', { package: name, code, message, hint });
  }
  return registry;
}

/** The implementations that an option chooses, and those that their own options choose: a plugin may be made of plugins. */
function usesIn(options: unknown): string[] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([key, value]) =>
    key === 'use' && typeof value === 'string' ? [value] : usesIn(value),
  );
}

/** The packages that the config names under `plugins`: each has to load. */
const chosenPackages = (config: Config, configDir: string): Promise<InstalledPackage[]> =>
  Promise.all(config.plugins.map(async (name) => ({ name, root: await findPackage(name, configDir) })));

/** By the name that other packages import it by. */
const named = async ({ name, root }: InstalledPackage): Promise<InstalledPackage> => ({
  name: (await nameOf(root)) ?? name,
  root,
});

/** Whether the config names something that no loaded package has. */
function lacks(registry: PluginRegistry, config: Config): boolean {
  try {
    for (const contract of CONTRACT_NAMES) registry.factory(contract, config[contract].use);
    for (const { use } of config.reporters ?? []) registry.reporter(use);
    for (const name of config.competitions ?? []) registry.competitionsOf(name);
    requireRules(registry.rules, registry.profile(config.subnet));
    return false;
  } catch {
    return true;
  }
}

/**
 * The other packages that come along. They are loaded for plugins of packages from elsewhere, which may be made of them, and
 * where the config names an unknown implementation, so that the error can list what exists.
 */
async function theRest(
  names: readonly string[],
  loaded: readonly CheckedPlugin[],
  fromElsewhere: boolean,
): Promise<CheckedPlugin[]> {
  const known = new Set(loaded.map(({ name }) => name));
  if (!fromElsewhere && names.every((name) => known.has(name))) return [];
  const rest = Object.entries(IMPLEMENTATIONS).filter(([name]) => !known.has(name));
  return Promise.all(rest.map(([name, load]) => builtIn(name, load)));
}

async function builtIn(name: string, load: () => Promise<{ default: unknown }>): Promise<CheckedPlugin> {
  return checkPlugin(name, (await load()).default);
}
