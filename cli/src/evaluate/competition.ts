import type { Container } from 'inversify';
import { buildCompetition, withOverrides } from '@assay/core/composition/competitions';
import type { Surroundings } from '@assay/core/composition/surroundings';
import type { Competition } from '@assay/core/competition/competition';
import { EVALUATOR, type Evaluator } from '@assay/core/contracts/evaluator';
import type { RunEvent } from '@assay/core/contracts/reporter';
import { tokenCount } from '@assay/core/contracts/evaluation-task';
import type { ErrorReport } from '@assay/core/errors/assay-error';
import type { CompetitionRuntime } from '@assay/core/runtime/competitions';
import { runtimeErrors } from '@assay/core/runtime/errors';
import type { ChosenRules } from '@assay/core/rules/chosen';
import { taskWeight } from '@assay/core/judging/score';
import { drawSamples } from '@assay/core/runtime/round/sample';
import { chainNow } from './chain-now.js';
import { evaluateErrors } from './errors.js';
import type { Question } from './questions.js';

/** A competition with samples as a round draws them. */
export interface DrawnCompetition {
  runtime: CompetitionRuntime;
  questions: Question[];
  seed: bigint;
  /** Where the seed is from, for people. */
  seedSource: string;
  /** Newest block; absent where no chain could be read. */
  block?: number;
  /** Tasks left out, and why. */
  warnings: ErrorReport[];
}

/** The advantage of the earlier model in force now; where no chain could be read, from the first block on. */
export const epsilonOf = ({ runtime, block }: DrawnCompetition): ChosenRules['epsilon'] =>
  runtime.rulesAt(block ?? 0).epsilon;

/** An installed competition by name or number, with the config's overrides. @throws COMPETITION_UNKNOWN, COMPETITION_NUMBER_UNKNOWN */
export function competitionOf({ registry, config, profile }: Surroundings, named: string): Competition {
  if (!/^\d+$/.test(named)) return withOverrides(registry.competition(named), config);
  const ofNumber = registry.competitions().filter(({ id }) => id === Number(named));
  // Of several the one that the subnet judges by now or will, or judged by last.
  const meant = profile.schedule
    .flatMap(({ competitions }) => competitions)
    .findLast(({ id }) => id === Number(named))?.name;
  const found = ofNumber.find(({ name }) => name === meant) ?? (ofNumber.length === 1 ? ofNumber[0] : undefined);
  if (!found)
    throw evaluateErrors.COMPETITION_NUMBER_UNKNOWN({
      id: Number(named),
      known: registry.competitions().map(({ id, name }) => `${id} (${name})`),
    });
  return withOverrides(found, config);
}

/**
 * @param drawing seed, without one that of the newest sync block, which all validators share; and the folder for the samples
 */
export async function drawCompetition(
  container: Container,
  surroundings: Surroundings,
  competition: Competition,
  { seed: given, scratch }: { seed: bigint | undefined; scratch: string },
  signal: AbortSignal,
): Promise<DrawnCompetition> {
  await requireKinds(container, competition);
  const runtime = await buildCompetition(container, competition, { ...surroundings, isNeeded: true }, signal);
  const { seed, seedSource, block } = await chainNow(container, (at) => runtime.rulesAt(at).seed.rule, given, signal);
  const warnings: ErrorReport[] = [];
  const reporter = {
    report: (event: RunEvent): void => {
      if (event.event === 'warning') warnings.push(event.error);
    },
    close: () => Promise.resolve(),
  };
  const tasks = await drawSamples(
    { reporter, clock: surroundings.clock, profile: surroundings.profile },
    runtime,
    seed,
    scratch,
    signal,
  );
  const questions = tasks.map(({ task, kind, evaluation, prompts, batches, clusters }) => ({
    kind,
    evaluation,
    prompts,
    source: task.dataset,
    sequences: batches,
    tokens: tokenCount(evaluation.samples),
    weight: taskWeight(task.weight, batches),
    ...(clusters ? { clusters } : {}),
  }));
  const comparing = runtime.rulesAt(block ?? 0).entryChecks.filter(({ rule }) => rule.compares);
  if (comparing.length > 0)
    warnings.push(
      evaluateErrors.MODELS_NOT_COMPARED({ checks: comparing.map(({ record }) => record.rule) }).toReport(),
    );
  return { runtime, questions, seed, seedSource, warnings, ...(block === undefined ? {} : { block }) };
}

async function requireKinds(container: Container, { name: competition, tasks }: Competition): Promise<void> {
  const { kinds } = await container.getAsync<Evaluator>(EVALUATOR);
  const unsupported = tasks.find(({ kind }) => !kinds.includes(kind));
  if (unsupported) throw runtimeErrors.KIND_UNSUPPORTED({ competition, kind: unsupported.kind });
}
