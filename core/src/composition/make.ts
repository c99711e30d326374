import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { SubnetProfile } from '../competition/profile.js';
import { configErrors } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Choice } from '../plugin/choice.js';
import { CONTRACT_NAMES, type ContractName, type Contracts } from '../plugin/contracts.js';
import type { PluginDeps } from '../plugin/plugin.js';
import { checkedOptions } from '../plugin/registry.js';
import { readOnlyChainOf } from '../chain/read-only.js';
import { Disposers } from '../runtime/disposers.js';
import type { Surroundings } from './surroundings.js';
import { requireReady } from './require-ready.js';

export interface Closable {
  close?: () => Promise<void>;
}

/** An implementation that is being made, with the options that its schema has checked. */
interface Level {
  contract: ContractName;
  use: string;
  options: unknown;
}

/** Where an implementation is made. */
export interface Place {
  /** Folder in which it may keep files of its own. */
  dataDir: string;
  /** The implementations that are made of it, outermost first. */
  outer: readonly Level[];
  /** Closes it. */
  disposers: Disposers;
}

/** Deeper than this, implementations are taken to make each other without end, with other options each time. */
const MOST_LEVELS = 16;

/** What every implementation is made from. */
export type MakingSurroundings = Pick<
  Surroundings,
  'registry' | 'clock' | 'log' | 'resolvePath' | 'environment' | 'mode' | 'library'
> & { profile: Pick<SubnetProfile, 'netuid'>; config: Pick<Config, 'readOnly'> };

/** What some contracts give beyond PluginDeps. */
interface Given {
  mode: string;
  readOnly: boolean;
}

/** An implementation of any contract: its options are those that its own schema has checked. */
interface AnyFactory {
  create(options: unknown, deps: PluginDeps & Given, signal: AbortSignal): Promise<Closable>;
  check?(options: unknown, deps: PluginDeps & Given, signal: AbortSignal): Promise<void>;
}

/**
 * Makes an implementation that the config or another implementation chooses. It is closed before the implementations that
 * it is made of; where it can't be made, those are closed at once. Before a run, its check comes first.
 * @param finish turns what `create` has made into what is served and closed in its place
 * @throws IMPLEMENTATION_UNKNOWN, OPTIONS_INVALID, PLUGIN_CIRCLE, whatever `create` throws
 */
export async function makeImplementation(
  contract: ContractName,
  { use, ...chosen }: Choice,
  { dataDir, outer, disposers }: Place,
  surroundings: MakingSurroundings,
  signal: AbortSignal,
  finish: (created: Closable, deps: PluginDeps) => Promise<Closable> = (created) => Promise.resolve(created),
): Promise<Closable> {
  const { registry, mode, log, config } = surroundings;
  const name = nameOf({ contract, use });
  const last = outer.at(-1);
  const within = last && nameOf(last);
  if (!CONTRACT_NAMES.includes(contract)) throw configErrors.IMPLEMENTATION_UNKNOWN({ contract, use, known: [] });
  const factory = registry.factory(contract, use, within) as AnyFactory & { options: z.ZodType };
  const options: unknown = checkedOptions(within ? `${name} in ${within}` : name, factory.options, chosen);
  const levels = [...outer, { contract, use, options }];
  requireNoCircle(levels);
  const parts = new Disposers(log);
  const deps = pluginDeps(surroundings, { dataDir, outer: levels, disposers: parts }, signal, use);
  const given = {
    ...deps,
    mode: contract === 'journal' && mode === 'validate' ? 'write' : mode,
    readOnly: config.readOnly,
  };
  try {
    if (mode === 'validate') await requireReady(name, () => factory.check?.(options, given, signal), log);
    const created = await factory.create(options, given, signal);
    const bounded = contract === 'chain' && config.readOnly ? readOnlyChainOf(created, use) : created;
    const made = await finish(bounded, deps);
    disposers.add(name, async () => {
      try {
        await made.close?.();
      } finally {
        await parts.disposeAll();
      }
    });
    return made;
  } catch (error) {
    await parts.disposeAll();
    throw error;
  }
}

/**
 * What an implementation is given.
 * @param place of the implementation: `disposers` closes what it is made of
 * @param plugin whose it is
 */
export function pluginDeps(
  surroundings: MakingSurroundings,
  { dataDir, outer, disposers }: Place,
  signal: AbortSignal,
  plugin?: string,
): PluginDeps {
  const { clock, profile, log, resolvePath, registry, environment, library } = surroundings;
  const folders = new Set<string>();
  return {
    clock,
    dataDir,
    netuid: profile.netuid,
    ...(library === undefined ? {} : { library }),
    modules: plugin === undefined ? [] : registry.modulesFor(plugin),
    log,
    resolvePath,
    environment,
    make: async <Name extends ContractName>(contract: Name, choice: Choice) => {
      const place = { dataDir: newFolder(join(dataDir, 'made', contract, choice.use), folders), outer, disposers };
      const made = await makeImplementation(contract, choice, place, surroundings, signal);
      // The registry finds implementations by contract; their own types can only be promised by the plugin.
      return made as Contracts[Name]['serves'];
    },
  };
}

/** The second one of a name has a folder of its own; no plugin has a dot in its name. */
function newFolder(wanted: string, taken: Set<string>): string {
  let folder = wanted;
  for (let count = 2; taken.has(folder); count += 1) folder = `${wanted}.${count}`;
  taken.add(folder);
  return folder;
}

/** @throws PLUGIN_CIRCLE when the last one is made of itself, with the same options, or the levels have no end */
function requireNoCircle(levels: readonly Level[]): void {
  const outer = levels.slice(0, -1);
  if (levels.length <= MOST_LEVELS && !outer.some((level) => isDeepStrictEqual(level, levels.at(-1)))) return;
  throw configErrors.PLUGIN_CIRCLE({ levels: levels.map(nameOf) });
}

const nameOf = ({ contract, use }: Pick<Level, 'contract' | 'use'>): string => `${contract} (${use})`;
