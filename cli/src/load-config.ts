import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { DEFAULTS } from './built-in-plugins.js';
import { configErrors } from '@assay/core/config/errors';
import {
  environmentName,
  environmentValues,
  resolveConfig,
  type ConfigLayer,
  type ResolvedConfig,
} from '@assay/core/config/resolve';
import type { ConfigInput } from '@assay/core/config/schema';
import type { ContractName } from '@assay/core/plugin/contracts';

export interface LoadedConfig extends ResolvedConfig {
  /** What it was resolved from, strongest first; the last one has the defaults. */
  layers: readonly ConfigLayer[];
  /** Relative paths in the config start here: the config file's folder, or the working directory without one. */
  baseDir: string;
  resolvePath: (path: string) => string;
}

/** @param flags values by dotted path, with the flag's own name for `config show` */
export async function loadConfig(
  file: string | undefined,
  flags: { values: ConfigInput; names: Readonly<Record<string, string>> },
  environment: NodeJS.ProcessEnv,
): Promise<LoadedConfig> {
  const layers: ConfigLayer[] = [
    { origin: 'flag', source: (path) => flags.names[path] ?? path, values: flags.values },
    { origin: 'environment', source: environmentName, values: environmentValues(settingsOf(environment), parseScalar) },
  ];
  if (file !== undefined) layers.push({ origin: 'file', source: file, values: await readConfigFile(file) });
  layers.push({ origin: 'default', source: '', values: DEFAULTS });
  const baseDir = file === undefined ? process.cwd() : dirname(resolve(file));
  return { ...resolveConfig(layers), layers, baseDir, resolvePath: (path) => resolve(baseDir, expandHome(path)) };
}

/** Variables that set nothing: the one that names the config file is a flag's, and others are those of this project's tests. */
const NO_SETTING =
  /^ASSAY_(?:CONFIG|TEST_\w+|SUBTENSOR_(?:RUNTIME|GENESIS)|CHAIN_(?:RECORDINGS|FAULT_SEEDS|SOAK_ROUNDS))$/;

const settingsOf = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !NO_SETTING.test(name)));

async function readConfigFile(file: string): Promise<ConfigInput> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw configErrors.CONFIG_NOT_FOUND({ path: file }, error);
  }
  let parsed: unknown;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    throw configErrors.CONFIG_MALFORMED(
      { path: file, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw configErrors.CONFIG_MALFORMED({ path: file, reason: 'the top level must be a mapping of keys to values' });
  }
  return { ...parsed };
}

function parseScalar(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return text;
  }
}

/** The config with another default implementation of a contract. */
export function withDefault(loaded: LoadedConfig, contract: ContractName, use: string): LoadedConfig {
  const layers = loaded.layers.map((layer) =>
    layer.origin === 'default' ? { ...layer, values: { ...layer.values, [contract]: { use } } } : layer,
  );
  return { ...loaded, ...resolveConfig(layers), layers };
}

export const expandHome = (path: string): string =>
  path === '~' || path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
