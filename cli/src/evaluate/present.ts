import type { EvaluationAnswer } from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import { plainTable } from '../report/plain-table.js';
import type { Acceptance } from './acceptance.js';
import type { EvaluatedModel, TaskReport } from './evaluate-model.js';
import type { DrawnCompetition } from './questions.js';

export interface Evaluation extends EvaluatedModel {
  facts: ModelFacts;
  totalBytes: number;
  competition?: { drawn: DrawnCompetition; acceptance: Acceptance };
}

/** Up to so many sequences are listed without being asked for. */
const FEW = 24;
const MIB = 1024 * 1024;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const lossesOf = (tasks: readonly TaskReport[]): number[] => tasks.flatMap(({ details }) => details.losses);
const tokensOf = (tasks: readonly TaskReport[]): number => tasks.reduce((sum, { tokens }) => sum + tokens, 0);

/** null where no task was checked. */
const reasonableOf = (tasks: readonly TaskReport[]): boolean | null => {
  const verdicts = tasks.flatMap(({ details }) => details.reasonable ?? []);
  return verdicts.length === 0 ? null : verdicts.every(Boolean);
};

export function documentOf({ facts, totalBytes, answer, tasks, competition, failure }: Evaluation): Record<string, unknown> {
  const losses = lossesOf(tasks);
  const meanLoss = losses.length > 0 ? mean(losses) : null;
  return {
    architecture: facts.architecture,
    parameterCount: facts.parameterCount,
    dtypes: facts.dtypes,
    bytes: totalBytes,
    evaluationDigest: facts.evaluationDigest,
    unusedTensors: facts.unusedTensors,
    losses,
    meanLoss,
    perplexity: meanLoss === null ? null : Math.exp(meanLoss),
    reasonable: reasonableOf(tasks),
    generations: tasks.flatMap(({ details }) => details.generations),
    logitsSpot: tasks.flatMap(({ details }) => details.logitsSpot ?? []),
    tasks: tasks.map(({ evaluation, source, sequences, tokens, weight, rawScore, details }) => ({
      name: evaluation.name,
      dataset: source,
      samplesDigest: evaluation.samplesDigest,
      sequences,
      tokens,
      weight,
      meanLoss: rawScore,
      perplexity: Math.exp(rawScore),
      reasonable: details.reasonable,
      losses: details.losses,
    })),
    competition: competition ? competitionDocument(competition) : null,
    speed: answer ? speedOf(answer, tasks) : null,
    numerics: answer?.numerics ?? null,
    timings: answer?.timings ?? null,
    ...(failure ? { failure: failure.toReport() } : {}),
  };
}

function speedOf({ timings: { computeMs } }: EvaluationAnswer, tasks: readonly TaskReport[]): { tokensPerSecond: number; secondsPerSequence: number } {
  const seconds = computeMs / 1000;
  return { tokensPerSecond: tokensOf(tasks) / seconds, secondsPerSequence: seconds / lossesOf(tasks).length };
}

function competitionDocument({ drawn, acceptance }: NonNullable<Evaluation['competition']>): Record<string, unknown> {
  const { checks, accepted, reasons, score } = acceptance;
  const { id, name } = drawn.runtime.competition;
  return {
    id,
    name,
    seed: drawn.seed.toString(),
    seedSource: drawn.seedSource,
    checks: checks.map(({ name: what, found, limit, error }) => ({ name: what, found, limit, error: error?.toReport() ?? null })),
    accepted,
    reasons,
    score,
  };
}

export function textOf(evaluation: Evaluation, showsLosses: boolean): string {
  const { tasks, competition, answer } = evaluation;
  const listed = showsLosses || lossesOf(tasks).length <= FEW;
  return [
    plainTable(['', ''], [...summaryOf(evaluation), ...(answer ? runOf(answer, tasks) : [])]),
    plainTable(
      ['task', 'dataset', 'sequences', 'tokens', 'mean loss', 'perplexity', 'weight', 'reasonable'],
      tasks.map(({ evaluation: { name }, source, sequences, tokens, rawScore, weight, details }) => [
        name, source, sequences, tokens, rawScore.toFixed(6), Math.exp(rawScore).toFixed(3), weight, verdict(details.reasonable),
      ]),
    ),
    ...(competition ? competitionText(competition) : []),
    ...(listed ? [plainTable(['task', 'sequence', 'loss'], tasks.flatMap(({ evaluation: { name }, details }) => details.losses.map((loss, index) => [name, index, loss.toFixed(6)])))] : []),
  ].join('\n\n');
}

const verdict = (reasonable: boolean | null): string => (reasonable === null ? 'not checked' : reasonable ? 'yes' : 'no');

function summaryOf({ facts, totalBytes }: Evaluation): [string, string][] {
  return [
    ['architecture', facts.architecture],
    ['parameters', `${facts.parameterCount} (${facts.dtypes.join(', ')})`],
    ['size', `${(totalBytes / MIB).toFixed(1)} MiB`],
    ['identity', facts.evaluationDigest.slice(0, 16)],
    ...(facts.unusedTensors.length > 0 ? [['unused tensors', String(facts.unusedTensors.length)] as [string, string]] : []),
  ];
}

function runOf(answer: EvaluationAnswer, tasks: readonly TaskReport[]): [string, string][] {
  const { loadMs, computeMs, cpuMs, peakAnonymousBytes, peakRssBytes } = answer.timings;
  const memory = [
    ...(peakAnonymousBytes === undefined ? [] : [`${Math.round(peakAnonymousBytes / MIB)} MiB of its own`]),
    ...(peakRssBytes === undefined ? [] : [`${Math.round(peakRssBytes / MIB)} MiB with mapped files`]),
  ];
  return [
    ['mean loss', mean(lossesOf(tasks)).toFixed(6)],
    ['speed', `${Math.round(speedOf(answer, tasks).tokensPerSecond)} tokens/s, continuations included`],
    ['time', `load ${loadMs.toFixed(0)} ms, compute ${(computeMs / 1000).toFixed(2)} s${cpuMs === undefined ? '' : `, CPU ${(cpuMs / 1000).toFixed(2)} s`}`],
    ...(memory.length > 0 ? [['memory', memory.join(', ')] as [string, string]] : []),
    ['numerics', Object.values(answer.numerics).join(', ')],
  ];
}

function competitionText({ drawn, acceptance }: NonNullable<Evaluation['competition']>): string[] {
  const { checks, accepted, reasons, score } = acceptance;
  const { id, name } = drawn.runtime.competition;
  return [
    `competition ${id} (${name}), seed ${drawn.seed} (${drawn.seedSource})`,
    plainTable(['limit', 'found', 'allowed', 'met'], checks.map((check) => [check.name, String(check.found), String(check.limit), check.error ? 'no' : 'yes'])),
    accepted ? `would be accepted: yes, with score ${score?.toFixed(6) ?? 'none'}` : `would be accepted: no\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  ];
}
