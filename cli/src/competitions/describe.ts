import type { Competition } from '@assay/core/competition/competition';
import type { SubnetProfile } from '@assay/core/competition/profile';
import type { Config } from '@assay/core/config/schema';
import type { RuleChoice } from '@assay/core/contracts/rule';
import { parametersOf } from '@assay/core/kinds/task-kinds';
import { credentialsOf, foundCredential } from '@assay/core/plugin/credentials';
import type { PluginRegistry } from '@assay/core/plugin/registry';
import { epsilonCurve, type EpsilonCurve } from './epsilon-curve.js';

export interface CompetitionDescription {
  name: string;
  id: number;
  package: string;
  judges: readonly number[];
  constraints: Competition['constraints'];
  tokenizer: Competition['tokenizer'];
  match: Competition['match'];
  /** null where each subnet's profile chooses it. */
  standing: RuleChoice | null;
  entryChecks: readonly RuleChoice[];
  onDatasetFailure: Competition['onDatasetFailure'];
  tasks: {
    name: string;
    kind: string;
    dataset: string;
    installed: boolean;
    /** null where the amount is stated otherwise, see `parameters`. */
    pages: number | null;
    maxBatches: number | null;
    /** All parameters of the kind, as the competition states them. */
    parameters: Readonly<Record<string, unknown>>;
    weight: number | 'samples';
  }[];
  epsilon: Competition['epsilon'] & EpsilonCurve;
  /** Reward share, where a schedule names it. `until` is null where nothing follows. */
  shares: { subnet: string; fromBlock: number; untilBlock: number | null; share: number }[];
  credentials: { variables: readonly string[]; datasets: string[]; page: string; found: string | null }[];
}

/** What a competition is looked at with. */
interface Around {
  registry: PluginRegistry;
  config: Pick<Config, 'datasets'>;
  environment: Readonly<Record<string, string | undefined>>;
}

export function describeCompetition(competition: Competition, around: Around): CompetitionDescription {
  const { registry } = around;
  const {
    name,
    id,
    judges = [id],
    constraints,
    tokenizer,
    match,
    standing = null,
    entryChecks = [{ rule: 'limits' }],
    onDatasetFailure,
    tasks,
  } = competition;
  return {
    name,
    id,
    package: registry.pluginOf(name) ?? '',
    judges,
    constraints,
    tokenizer,
    match,
    standing,
    entryChecks,
    onDatasetFailure,
    tasks: tasks.map((task) => ({
      name: task.name,
      kind: task.kind,
      dataset: task.dataset,
      installed: registry.findDataset(task.dataset) !== undefined,
      pages: task.pages ?? null,
      maxBatches: task.maxBatches ?? null,
      parameters: parametersOf(task),
      weight: task.weight,
    })),
    epsilon: { ...competition.epsilon, ...epsilonCurve(registry.rules.bind('epsilons', competition.epsilon).rule) },
    shares: registry.profiles().flatMap((profile) => sharesIn(profile, competition, registry)),
    credentials: credentialNeeds(competition, around),
  };
}

/** A place of the schedule means the competition that it names, or the only one of its id. */
function sharesIn(
  profile: SubnetProfile,
  { id, name }: Competition,
  registry: PluginRegistry,
): CompetitionDescription['shares'] {
  const alone = registry.competitions().filter((other) => other.id === id).length === 1;
  return profile.schedule.flatMap(({ fromBlock, competitions }, index) =>
    competitions
      .filter((place) => place.id === id && (place.name === undefined ? alone : place.name === name))
      .map(({ share }) => ({
        subnet: profile.name,
        fromBlock,
        untilBlock: profile.schedule[index + 1]?.fromBlock ?? null,
        share,
      })),
  );
}

function credentialNeeds(
  { tasks }: Competition,
  { registry, config, environment }: Around,
): CompetitionDescription['credentials'] {
  const needs = new Map<string, CompetitionDescription['credentials'][number]>();
  for (const { dataset, datasetOptions } of tasks) {
    const implementation = registry.findDataset(dataset);
    for (const need of implementation
      ? credentialsOf(implementation, { ...datasetOptions, ...config.datasets[dataset] })
      : []) {
      const key = `${need.variables.join(' ')} ${need.page}`;
      const known = needs.get(key);
      if (known) known.datasets = [...new Set([...known.datasets, dataset])];
      else
        needs.set(key, {
          variables: need.variables,
          datasets: [dataset],
          page: need.page,
          found: foundCredential(need, environment) ?? null,
        });
    }
  }
  return [...needs.values()];
}
