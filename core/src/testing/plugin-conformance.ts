import { checkPlugin } from '../plugin/check.js';
import type { Plugin } from '../plugin/plugin.js';
import { runChecks, type CheckResult } from './checks.js';
import { competitionChecks, profileChecks } from './competition-checks.js';
import { datasetChecks, type DatasetWorld } from './dataset-checks.js';

export type { CheckResult } from './checks.js';
export type { DatasetWorld } from './dataset-checks.js';

export interface PluginWorld {
  /** By dataset id, where the options of the tasks are not enough to try it. */
  datasets?: Readonly<Record<string, Partial<DatasetWorld>>>;
}

/**
 * What a package with competitions, profiles or datasets has to be and to do, with made-up rows and no network. Nothing is
 * thrown: a check that fails says why.
 * @param exported the package's default export
 */
export async function checkPluginPackage(packageName: string, exported: unknown, world: PluginWorld = {}): Promise<CheckResult[]> {
  let plugin: Plugin | undefined;
  const shape = await runChecks(packageName, {
    'is a plugin of this version': () => {
      plugin = checkPlugin(packageName, exported);
    },
  });
  if (!plugin) return shape;
  const { competitions = [], profiles = {}, datasets = {} } = plugin.provides;
  const results = [...shape];
  for (const competition of competitions) results.push(...(await runChecks(competition.name, competitionChecks(competition))));
  for (const [name, profile] of Object.entries(profiles)) results.push(...(await runChecks(`subnet ${name}`, profileChecks(profile, competitions))));
  for (const [id, implementation] of Object.entries(datasets)) {
    const used = competitions.flatMap(({ tasks }) => tasks).find(({ dataset }) => dataset === id);
    const { options = {}, ...rest } = world.datasets?.[id] ?? {};
    results.push(...(await runChecks(id, datasetChecks(implementation, { ...rest, options: { ...used?.datasetOptions, ...options } }))));
  }
  return results;
}
