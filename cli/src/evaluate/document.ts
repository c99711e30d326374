import type { Evaluation } from './evaluate.js';
import type { TaskReport } from './evaluate-model.js';
import { lossesOf, meanLossOf, speedOf } from './totals.js';
import { repoName } from '@assay/core/contracts/model';
import { epsilonOf } from './competition.js';
import type { Duel } from './duel.js';

/** null where no task was checked. */
function reasonableOf(tasks: readonly TaskReport[]): boolean | null {
  const verdicts = tasks.flatMap(({ reasonable }) => reasonable ?? []);
  return verdicts.length === 0 ? null : verdicts.every(Boolean);
}

/** The answer for machines. Its names stay. */
export function documentOf({ facts, found, answer, tasks, competition, failure }: Evaluation): Record<string, unknown> {
  const meanLoss = meanLossOf(tasks);
  return {
    architecture: facts.architecture,
    parameterCount: facts.parameterCount,
    dtypes: facts.dtypes,
    bytes: found.totalBytes,
    evaluationDigest: facts.evaluationDigest,
    tensorsDigest: facts.tensorsDigest,
    directoryHash: found.directoryHash ?? null,
    unusedTensors: facts.unusedTensors,
    ...(facts.notes ? { notes: facts.notes } : {}),
    losses: lossesOf(tasks),
    meanLoss: meanLoss ?? null,
    perplexity: meanLoss === undefined ? null : Math.exp(meanLoss),
    reasonable: reasonableOf(tasks),
    generations: tasks.flatMap(({ details }) => details.generations),
    logitsSpot: tasks.flatMap(({ details }) => details.logitsSpot ?? []),
    tasks: tasks.map(taskDocument),
    competition: competition ? competitionDocument(competition) : null,
    speed: answer ? speedOf(answer, tasks) : null,
    numerics: answer?.numerics ?? null,
    timings: answer?.timings ?? null,
    ...(failure ? { failure: failure.toReport() } : {}),
  };
}

function taskDocument({
  evaluation,
  source,
  sequences,
  tokens,
  weight,
  rawScore,
  losses,
  reasonable,
}: TaskReport): Record<string, unknown> {
  return {
    name: evaluation.name,
    dataset: source,
    samplesDigest: evaluation.samplesDigest,
    sequences,
    tokens,
    weight,
    meanLoss: rawScore,
    perplexity: Math.exp(rawScore),
    reasonable,
    losses,
  };
}

function duelDocument({ king, kingScore, record, wins, samples, outlook }: Duel): Record<string, unknown> {
  const { reference } = king.found.model;
  return {
    against: { repo: reference.revision === '' ? reference.name : repoName(reference), revision: reference.revision },
    evaluationDigest: king.facts.evaluationDigest,
    score: kingScore,
    wins,
    playsAgain: record.playsAgain ?? false,
    values: record.values ?? {},
    samples,
    samplesToKnow: outlook?.samples ?? null,
    chance: outlook?.chance ?? null,
  };
}

function competitionDocument({
  drawn,
  acceptance,
  best,
  duel,
}: NonNullable<Evaluation['competition']>): Record<string, unknown> {
  const { checks, accepted, errors, score } = acceptance;
  const { competition } = drawn.runtime;
  const { record, rule: epsilon } = epsilonOf(drawn);
  return {
    id: competition.id,
    name: competition.name,
    block: drawn.block ?? null,
    seed: drawn.seed.toString(),
    seedSource: drawn.seedSource,
    warnings: drawn.warnings,
    checks: checks.map(({ name, found, limit, error }) => ({ name, found, limit, error: error?.toReport() ?? null })),
    accepted,
    reasons: errors.map(({ message }) => message),
    errors: errors.map((error) => error.toReport()),
    score,
    epsilon: {
      rule: record.rule,
      ...record.parameters,
      whenCommitted: epsilon.compute(0, 0),
      fullyDecayed: epsilon.fullyDecayed,
    },
    best: best ?? null,
    duel: duel ? duelDocument(duel) : null,
  };
}
