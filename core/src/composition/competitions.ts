import { join } from 'node:path';
import type { Container } from 'inversify';
import type { Competition } from '../competition/competition.js';
import { MATCH_BY_COMPARISON } from '../competition/competition-schema.js';
import type { ScheduledId } from '../competition/profile.js';
import type { DatasetProvider } from '../contracts/dataset-provider.js';
import { EVALUATOR, MODEL_INSPECTOR, type Evaluator, type ModelInspector } from '../contracts/evaluator.js';
import { ROW_SOURCE, type RowSource } from '../contracts/row-source.js';
import { TOKENIZER_LOADER, type Tokenizer, type TokenizerLoader } from '../contracts/tokenizer.js';
import { taskKindOf } from '../kinds/task-kinds.js';
import { withoutTokenizer } from '../kinds/without-tokenizer.js';
import { rulesByBlock } from '../rules/chosen.js';
import { configErrors } from '../config/errors.js';
import { competitionsAt } from '../competition/schedule.js';
import { asDataset } from '../datasets/document-dataset.js';
import { toAssayError } from '../errors/describe.js';
import { Competitions } from '../runtime/competitions.js';
import { isAbort } from '../runtime/supervise.js';
import { requireArchitectures } from '../runtime/require-architectures.js';
import { checkedOptions } from '../plugin/registry.js';
import type { CompetitionRuntime } from '../runtime/competitions.js';
import { runtimeErrors } from '../runtime/errors.js';
import type { Surroundings } from './surroundings.js';
import { pluginDeps } from './make.js';

/**
 * Competitions of the profile's schedule, from a block on, that are installed and chosen.
 * @param block newest block: what was in force only before is not made
 */
export async function buildCompetitions(
  root: Container,
  surroundings: Surroundings,
  block: number,
  signal: AbortSignal,
): Promise<Competitions> {
  const evaluator = await root.getAsync<Evaluator>(EVALUATOR);
  const inspector = await root.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const { schedule } = surroundings.profile;
  const now = new Set(competitionsAt(schedule, block));
  const meant = [...chosenCompetitions(surroundings, block)];
  const built = new Map<string, CompetitionRuntime>();
  for (const competition of new Map(meant.map(([, one]) => [one.name, one])).values()) {
    const unsupported = competition.tasks.find(({ kind }) => !evaluator.kinds.includes(kind));
    if (unsupported) {
      const error = runtimeErrors.KIND_UNSUPPORTED({ competition: competition.name, kind: unsupported.kind });
      surroundings.reporter.report({ event: 'warning', error: error.toReport() }, surroundings.clock.now());
      continue;
    }
    await requireArchitectures(competition, { evaluator, inspector }, signal);
    const isNeeded = meant.some(([scheduled, { name }]) => name === competition.name && now.has(scheduled));
    built.set(competition.name, await buildCompetition(root, competition, { ...surroundings, isNeeded }, signal));
  }
  const byPlace = meant.flatMap(([scheduled, { name }]) => {
    const runtime = built.get(name);
    return runtime ? [[scheduled, runtime] as const] : [];
  });
  return new Competitions(schedule, new Map(byPlace));
}

/**
 * What each place of the schedule means, at a block and after it, among the competitions that the config names or, when it
 * names none, among all that are installed; with the config's overrides. A place means the competition that it names, or
 * else the only one of its number: an operator who judges by another one than the subnet has chosen it.
 * @throws COMPETITION_AMBIGUOUS
 */
export function chosenCompetitions(
  { config, registry, profile }: Pick<Surroundings, 'config' | 'registry' | 'profile'>,
  block: number,
): Map<ScheduledId, Competition> {
  const candidates = config.competitions?.flatMap((name) => registry.competitionsOf(name)) ?? registry.competitions();
  const inForce = profile.schedule.filter(
    (_entry, index) => (profile.schedule[index + 1]?.fromBlock ?? Number.POSITIVE_INFINITY) > block,
  );
  const chosen = inForce.flatMap(({ competitions }) =>
    competitions.flatMap((scheduled) => {
      const ofId = candidates.filter(({ id }) => id === scheduled.id);
      const found =
        ofId.find(({ name }) => name === scheduled.name) ??
        (ofId.length === 1 ? ofId[0] : ofId.find(({ name }) => config.competitions?.includes(name)));
      if (found) return [[scheduled, withOverrides(found, config)] as const];
      if (ofId.length === 0) return [];
      throw configErrors.COMPETITION_AMBIGUOUS({
        id: scheduled.id,
        ...(scheduled.name === undefined ? {} : { name: scheduled.name }),
        known: ofId.map(({ name }) => name),
      });
    }),
  );
  return new Map(chosen);
}

/** A competition as the config changes it. */
export function withOverrides(
  competition: Competition,
  { match, comparison, onDatasetFailure }: Pick<Surroundings['config'], 'match' | 'comparison' | 'onDatasetFailure'>,
): Competition {
  const { name } = competition;
  const chosen = comparison[name];
  return {
    ...competition,
    match: match[name] ?? (chosen === undefined ? competition.match : MATCH_BY_COMPARISON[chosen]),
    onDatasetFailure: onDatasetFailure[name] ?? competition.onDatasetFailure,
  };
}

/**
 * A competition with its rules, its tokenizer and its datasets.
 * @throws RULE_UNKNOWN, RULE_PARAMETERS, TASK_KIND_UNKNOWN, TASK_PARAMETERS, OPTIONS_INVALID
 */
export async function buildCompetition(
  root: Container,
  competition: Competition,
  surroundings: Surroundings & { isNeeded: boolean },
  signal: AbortSignal,
): Promise<CompetitionRuntime> {
  const kinds = surroundings.registry.rules.kinds();
  for (const task of competition.tasks) taskKindOf(task, kinds);
  const rulesAt = rulesByBlock(surroundings.registry.rules, surroundings.profile, competition);
  const tokenizer = await tokenizerOf(root, competition, signal);
  const datasets = new Map<string, DatasetProvider>();
  for (const task of competition.tasks)
    datasets.set(task.name, await buildDataset(root, competition, task, surroundings, signal));
  await requireAccess(datasets, surroundings, signal);
  return { competition, kinds, rulesAt, tokenizer, datasets };
}

async function tokenizerOf(root: Container, { tokenizer }: Competition, signal: AbortSignal): Promise<Tokenizer> {
  if (tokenizer.kind === 'none') return withoutTokenizer(tokenizer.vocabularySize);
  return (await root.getAsync<TokenizerLoader>(TOKENIZER_LOADER)).load(tokenizer, signal);
}

async function buildDataset(
  root: Container,
  competition: Competition,
  task: Competition['tasks'][number],
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<DatasetProvider> {
  const factory = surroundings.registry.dataset(competition, task.name, task.dataset);
  const given = { ...task.datasetOptions, ...surroundings.config.datasets[task.dataset] };
  const options: unknown = checkedOptions(`dataset ${task.dataset}`, factory.options, given);
  const rows = await root.getAsync<RowSource>(ROW_SOURCE);
  const place = { dataDir: join(surroundings.dataDir, 'datasets'), outer: [], disposers: surroundings.disposers };
  return asDataset(await factory.create(options, { ...pluginDeps(surroundings, place, signal), rows }, signal));
}

/**
 * Before anything is downloaded. A credential that is missing or refused, or a file that is not there, ends the start of a
 * run that needs it now; what can't be found out, because the service does not answer, is the rounds' business.
 */
async function requireAccess(
  datasets: ReadonlyMap<string, DatasetProvider>,
  { isNeeded, reporter, clock, log }: Surroundings & { isNeeded: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const provider of new Set(datasets.values())) {
    try {
      await provider.requireAccess?.(signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      const isOurs = known.fault === 'config';
      if (isOurs && isNeeded) throw error;
      if (isOurs) reporter.report({ event: 'warning', error: known.toReport() }, clock.now());
      else
        log('warn', 'whether a dataset can be read was not found out', {
          code: known.code,
          reason: known.toReport().message,
        });
    }
  }
}
