import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { configErrors } from '@assay/core/config/errors';
import { resolveConfig, type ConfigLayer, type Origin } from '@assay/core/config/resolve';
import {
  isNamed,
  settingLayers,
  withoutReplaced,
  type ChosenSettings,
  type GivenNames,
  type GivenUp,
} from '@assay/core/config/settings';
import { messageOf } from '@assay/core/errors/describe';
import { checkPlugin } from '@assay/core/plugin/check';
import { CONTRACT_NAMES, type ContractName } from '@assay/core/plugin/contracts';
import type { Setting } from '@assay/core/plugin/plugin';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import { DEFAULTS, IMPLEMENTATIONS, NAMED_DEFAULTS } from './built-in-plugins.js';
import { expandHome, withDefault, type LoadedConfig } from './load-config.js';
import { SETTING_CONTRACT } from './setting-flags.js';

type Given = Pick<GivenNames, 'flags' | 'variables'>;

/** btcli's file has less than 1 KiB. */
const LONGEST_FILE = 64 * 1024;

/**
 * The config with another default where nothing chooses an implementation and a flag or variable names an option of one that
 * comes along: `--network finney` means a chain that has networks.
 */
export async function withNamedDefaults(loaded: LoadedConfig, given: Given): Promise<LoadedConfig> {
  let result = loaded;
  for (const contract of CONTRACT_NAMES)
    for (const use of NAMED_DEFAULTS[contract] ?? []) {
      if (isChosen(loaded, contract)) continue;
      const settings = (await builtInSettings(contract, use)) ?? [];
      if (isNamed(settings, given)) result = withDefault(result, contract, use);
    }
  return result;
}

/**
 * The default subnet is a demonstration: its judgements belong on the default chain and on no other.
 * @throws SUBNET_UNNAMED
 */
export function requireNamedSubnet({ config, values }: LoadedConfig): void {
  const isDefault = values.some(({ path, origin }) => path === 'subnet' && origin === 'default');
  if (isDefault && config.chain.use !== DEFAULTS.chain.use)
    throw configErrors.SUBNET_UNNAMED({ subnet: config.subnet, chain: config.chain.use });
}

/** Whether the config names an implementation, or a config file has options of one. */
const isChosen = ({ layers }: LoadedConfig, contract: ContractName): boolean =>
  layers.some(({ origin, values }) => {
    const options = values[contract];
    if (typeof options !== 'object' || options === null || origin === 'default') return false;
    return origin === 'file' || 'use' in options;
  });

async function builtInSettings(contract: ContractName, use: string): Promise<readonly Setting[] | undefined> {
  const load = IMPLEMENTATIONS[use];
  return load && checkPlugin(use, (await load()).default).provides[contract]?.settings;
}

/**
 * The config with the options that flags, variables and files of other software set, as the configured implementations name
 * them. What has no effect because another option takes its place is left out, and listed.
 * @throws SETTING_UNKNOWN, SETTING_CONFLICT, SETTING_EMPTY, SETTING_FILE_MALFORMED, CONFIG_INVALID
 */
export async function withSettings(
  loaded: LoadedConfig,
  registry: PluginRegistry,
  given: Given,
): Promise<LoadedConfig & { givenUp: GivenUp[] }> {
  const chosen = CONTRACT_NAMES.map((contract) => ({ contract, settings: settingsOf(loaded, registry, contract) }));
  await requireKnown(loaded, registry, chosen, given);
  const fromHere = (path: string): string => resolve(expandHome(path));
  const named = settingLayers(chosen, { ...given, files: await filesOf(chosen), fromHere });
  const own = (origin: Origin): ConfigLayer[] => loaded.layers.filter((layer) => layer.origin === origin);
  const ranked = [
    ...own('flag'),
    named.flag,
    ...own('environment'),
    named.environment,
    ...own('file'),
    named.file,
    ...own('default'),
  ];
  const { layers, givenUp } = withoutReplaced(ranked, chosen);
  return { ...loaded, ...resolveConfig(layers), layers, givenUp };
}

/** Empty for an implementation that is not installed; the error for that comes when it is made. */
function settingsOf({ config }: LoadedConfig, registry: PluginRegistry, contract: ContractName): readonly Setting[] {
  return registry.find(contract, config[contract].use)?.settings ?? [];
}

async function requireKnown(
  { config }: LoadedConfig,
  registry: PluginRegistry,
  chosen: readonly ChosenSettings[],
  { flags }: Given,
): Promise<void> {
  const known = new Set(chosen.flatMap(({ settings }) => settings.flatMap(({ flags: names = [] }) => names)));
  const flag = Object.keys(flags).find((name) => !known.has(name));
  if (flag === undefined) return;
  const { use } = config[SETTING_CONTRACT];
  registry.factory(SETTING_CONTRACT, use);
  throw configErrors.SETTING_UNKNOWN({ flag, contract: SETTING_CONTRACT, use, takers: await takersOf(flag) });
}

/** Implementations that come along and take the flag. */
async function takersOf(flag: string): Promise<string[]> {
  const names = Object.keys(IMPLEMENTATIONS);
  const settings = await Promise.all(names.map((use) => builtInSettings(SETTING_CONTRACT, use)));
  return names.filter((_name, index) => settings[index]?.some(({ flags = [] }) => flags.includes(flag)));
}

/** The files that settings name and that are there. */
async function filesOf(chosen: readonly ChosenSettings[]): Promise<GivenNames['files']> {
  const paths = new Set(
    chosen.flatMap(({ settings }) => settings.flatMap(({ files = [] }) => files.map(({ path }) => path))),
  );
  const there = [...paths].filter((path) => existsSync(expandHome(path)));
  return Object.fromEntries(await Promise.all(there.map(async (path) => [path, await mappingIn(path)] as const)));
}

async function mappingIn(path: string): Promise<Record<string, unknown>> {
  const file = expandHome(path);
  const malformed = (reason: string, cause?: unknown): Error =>
    configErrors.SETTING_FILE_MALFORMED({ path, reason }, cause);
  let parsed: unknown;
  try {
    parsed = parseYaml(await textIn(file));
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw malformed('its top level is no mapping of keys');
  return { ...parsed };
}

/** Of a plain file: a pipe would be waited for, and a device has no end. */
async function textIn(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK || 0));
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is not a plain file');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST_FILE + 1), 0, LONGEST_FILE + 1, 0);
    if (bytesRead > LONGEST_FILE) throw new Error(`it is longer than ${LONGEST_FILE} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
