import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Container } from 'inversify';
import { configErrors } from '../config/errors.js';
import type { ModelSource } from '../contracts/model-store.js';
import { keeperDefaults, type KeeperOptions } from '../model/store/keeper-options.js';
import { ModelKeeper } from '../model/store/keeper.js';
import type { PluginDeps } from '../plugin/plugin.js';
import { CONTRACT_NAMES, CONTRACTS, keeperOptions, type ContractName } from '../plugin/contracts.js';
import { checkedOptions } from '../plugin/registry.js';
import { libraryOf } from './library.js';
import { makeImplementation, type Closable } from './make.js';
import type { Surroundings } from './surroundings.js';

/**
 * The root container: each contract bound to the implementation that the config names, made when first asked for, once,
 * and closed in reverse order. What a command never asks for never starts.
 */
export function buildContainer(surroundings: Surroundings, signal: AbortSignal): Container {
  const container = new Container();
  for (const name of CONTRACT_NAMES) {
    container
      .bind(CONTRACTS[name].token)
      .toDynamicValue(() => create(name, surroundings, signal))
      .inSingletonScope();
  }
  return container;
}

/** What follows a version of the library. */
const FOLLOWING: ReadonlySet<ContractName> = new Set(['evaluator', 'inspector']);

async function create(contract: ContractName, surroundings: Surroundings, signal: AbortSignal): Promise<Closable> {
  const { config, dataDir, disposers } = surroundings;
  const { use, ...given } = config[contract];
  const { own, others } = splitOptions(contract, given);
  const place = { dataDir: contract === 'journal' ? dataDir : join(dataDir, contract), outer: [], disposers };
  const followed = FOLLOWING.has(contract)
    ? { ...surroundings, library: surroundings.library ?? libraryOf(surroundings) }
    : surroundings;
  return makeImplementation(contract, { ...others, use }, place, followed, signal, async (created, deps) =>
    contract === 'store' ? keeperOf(created, own, deps, use) : created,
  );
}

/** Keys that core reads itself, and those of the implementation. */
function splitOptions(
  contract: ContractName,
  given: Readonly<Record<string, unknown>>,
): { own: unknown; others: Record<string, unknown> } {
  const { ownOptions } = CONTRACTS[contract];
  const isOwn = ([key]: [string, unknown]): boolean => ownOptions !== undefined && key in ownOptions.shape;
  const own = Object.fromEntries(Object.entries(given).filter(isOwn));
  return {
    own: ownOptions && checkedOptions(contract, ownOptions, own),
    others: Object.fromEntries(Object.entries(given).filter((entry) => !isOwn(entry))),
  };
}

/**
 * How and where the config has models kept.
 * @param own keys of the config's `store` that are core's; others are passed over
 * @param place `dataDir` of the store
 */
export function keptAs(
  own: unknown,
  { dataDir, resolvePath }: Pick<PluginDeps, 'dataDir' | 'resolvePath'>,
): KeeperOptions {
  const { dir, bytesPerSecond, ...rest } = keeperOptions.parse(own);
  return {
    ...keeperDefaults,
    ...rest,
    bytesPerSecond,
    directory: dir === undefined ? join(dataDir, 'models') : resolvePath(dir),
    validator: createHash('sha256').update(dataDir).digest('hex').slice(0, 16),
  };
}

/** The store of the run: what the plugin has made is its source. @throws PLUGIN_MALFORMED */
async function keeperOf(
  source: object,
  own: unknown,
  { clock, dataDir, resolvePath }: PluginDeps,
  use: string,
): Promise<ModelKeeper> {
  if (!isSource(source))
    throw configErrors.PLUGIN_MALFORMED({
      package: use,
      issues: ['provides.store.create: what it makes must have list and open, the members of a ModelSource'],
    });
  return ModelKeeper.open(keptAs(own, { dataDir, resolvePath }), { source, clock });
}

const isSource = (made: object): made is ModelSource =>
  'list' in made && typeof made.list === 'function' && 'open' in made && typeof made.open === 'function';
