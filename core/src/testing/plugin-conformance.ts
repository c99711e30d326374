import { checkPlugin } from '../plugin/check.js';
import type { CheckedPlugin } from '../plugin/plugin.js';
import { DOOR_NAMES, DOORS } from '../rules/doors.js';
import { RuleBook } from '../rules/rule-book.js';
import { questionChecks } from './question-checks.js';
import { CONTRACT_NAMES } from '../plugin/contracts.js';
import { ruleChecks } from './rule-checks.js';
import { runChecks, type Checks, type CheckResult } from './checks.js';
import { competitionChecks, profileChecks } from './competition-checks.js';
import { datasetChecks, type DatasetWorld } from './dataset-checks.js';
import { installedCompetitionChecks, installedProfileChecks, type Installation } from './installation-checks.js';

export type { CheckResult } from './checks.js';
export type { Installation } from './installation-checks.js';
export type { DatasetWorld } from './dataset-checks.js';

export interface PluginWorld {
  /** What it will stand beside; by itself, only what is in the package is looked at. */
  installation?: Installation;
  /** Told before each check. */
  onCheck?: (subject: string, check: string) => void;
  /** By dataset id, where the options of the tasks are not enough to try it. */
  datasets?: Readonly<Record<string, Partial<DatasetWorld>>>;
}

/**
 * What a package with competitions, profiles or datasets has to be and to do, with made-up rows and no network. Nothing is
 * thrown: a check that fails says why.
 * @param exported the package's default export
 */
export async function checkPluginPackage(
  packageName: string,
  exported: unknown,
  world: PluginWorld = {},
): Promise<CheckResult[]> {
  let plugin: CheckedPlugin | undefined;
  const run = (subject: string, checks: Checks): Promise<CheckResult[]> => runChecks(subject, checks, world.onCheck);
  const shape = await run(packageName, {
    'is a plugin of this version': () => {
      plugin = checkPlugin(packageName, exported);
    },
  });
  if (!plugin) return shape;
  const { competitions = [], profiles = {}, datasets = {} } = plugin.provides;
  const { installation } = world;
  const book = installation?.registry.rules ?? new RuleBook([plugin]);
  const results = [...shape];
  for (const door of DOOR_NAMES)
    for (const rule of plugin.provides[door] ?? [])
      results.push(...(await run(`${DOORS[door].title} ${rule.name}`, ruleChecks(door, rule))));
  for (const contract of CONTRACT_NAMES) {
    const implementation = plugin.provides[contract];
    if (implementation) results.push(...(await run(contract, questionChecks(implementation))));
  }
  for (const [name, implementation] of Object.entries(plugin.provides.reporters ?? {}))
    results.push(...(await run(`reporter ${name}`, questionChecks(implementation))));
  for (const competition of competitions) {
    results.push(
      ...(await run(competition.name, {
        ...competitionChecks(competition, book),
        ...(installation && installedCompetitionChecks(competition, installation)),
      })),
    );
  }
  for (const [name, profile] of Object.entries(profiles)) {
    results.push(
      ...(await run(`subnet ${name}`, {
        ...profileChecks(profile, competitions, book),
        ...(installation && installedProfileChecks(profile, installation)),
      })),
    );
  }
  for (const [id, implementation] of Object.entries(datasets)) {
    const used = competitions.flatMap(({ tasks }) => tasks).find(({ dataset }) => dataset === id);
    const { options = {}, ...rest } = world.datasets?.[id] ?? {};
    results.push(
      ...(await run(id, datasetChecks(implementation, { ...rest, options: { ...used?.datasetOptions, ...options } }))),
    );
  }
  return results;
}
