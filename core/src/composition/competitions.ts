import { Container } from 'inversify';
import type { Competition } from '../competition/competition.js';
import { DATASET_PROVIDER, type DatasetProvider } from '../contracts/dataset-provider.js';
import { EPSILON_FUNCTION, type EpsilonFunction } from '../contracts/epsilon-function.js';
import { EVALUATOR, type Evaluator } from '../contracts/evaluator.js';
import { TOKENIZER_LOADER, type Tokenizer, type TokenizerLoader } from '../contracts/tokenizer.js';
import { epsilonFromDescription } from '../judging/epsilon.js';
import { checkedOptions } from '../plugin/registry.js';
import type { CompetitionRuntime } from '../runtime/context.js';
import { runtimeErrors } from '../runtime/errors.js';
import { pluginDeps, type Surroundings } from './container.js';

const TOKENIZER = Symbol.for('assay.Tokenizer');

/** Competitions of the profile's schedule that are installed and chosen, each with its own child container, by id. */
export async function buildCompetitions(
  root: Container,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Map<number, CompetitionRuntime>> {
  const evaluator = await root.getAsync<Evaluator>(EVALUATOR);
  const built = new Map<number, CompetitionRuntime>();
  for (const competition of chosenCompetitions(surroundings)) {
    const unsupported = competition.tasks.find(({ kind }) => !evaluator.kinds.includes(kind));
    if (unsupported) {
      const error = runtimeErrors.KIND_UNSUPPORTED({ competition: competition.name, kind: unsupported.kind });
      surroundings.reporter.report({ event: 'warning', error: error.toReport() }, surroundings.clock.now());
      continue;
    }
    built.set(competition.id, await buildCompetition(root, competition, surroundings, signal));
  }
  return built;
}

/** Those that the config names, or all that the schedule names; with the config's overrides. */
export function chosenCompetitions({ config, registry, profile }: Pick<Surroundings, 'config' | 'registry' | 'profile'>): Competition[] {
  const scheduled = new Set(profile.schedule.flatMap(({ competitions }) => competitions.map(({ id }) => id)));
  const named = config.competitions?.map((name) => registry.competition(name));
  const chosen = named ?? registry.competitions().filter(({ id }) => scheduled.has(id));
  return chosen.map((competition) => withOverrides(competition, config));
}

/** A competition as the config changes it. */
export function withOverrides(competition: Competition, { comparison, onDatasetFailure }: Pick<Surroundings['config'], 'comparison' | 'onDatasetFailure'>): Competition {
  const { name } = competition;
  return {
    ...competition,
    comparison: comparison[name] ?? competition.comparison,
    onDatasetFailure: onDatasetFailure[name] ?? competition.onDatasetFailure,
  };
}

/** A child container holds what is this competition's own: a sibling can neither see nor replace it. */
export async function buildCompetition(
  root: Container,
  competition: Competition,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<CompetitionRuntime> {
  const child = new Container({ parent: root });
  child.bind<EpsilonFunction>(EPSILON_FUNCTION).toConstantValue(epsilonFromDescription(competition.epsilon));
  child
    .bind<Tokenizer>(TOKENIZER)
    .toDynamicValue(async () => (await root.getAsync<TokenizerLoader>(TOKENIZER_LOADER)).load(competition.tokenizer, signal))
    .inSingletonScope();
  for (const task of competition.tasks) {
    const factory = surroundings.registry.dataset(competition, task.name, task.dataset);
    const given = { ...task.datasetOptions, ...surroundings.config.datasets[task.dataset] };
    const options: unknown = checkedOptions(`dataset ${task.dataset}`, factory.options, given);
    child
      .bind<DatasetProvider>(DATASET_PROVIDER)
      .toDynamicValue(async () => factory.create(options, pluginDeps(surroundings, 'datasets'), signal))
      .inSingletonScope()
      .whenNamed(task.name);
  }
  const datasets = new Map<string, DatasetProvider>();
  for (const { name } of competition.tasks) {
    datasets.set(name, await child.getAsync<DatasetProvider>(DATASET_PROVIDER, { name }));
  }
  return {
    competition,
    epsilon: child.get<EpsilonFunction>(EPSILON_FUNCTION),
    tokenizer: await child.getAsync<Tokenizer>(TOKENIZER),
    datasets,
  };
}
