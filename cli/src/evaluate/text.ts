import type { EvaluationAnswer } from '@assay/core/contracts/evaluator';
import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import { repoName } from '@assay/core/contracts/model';
import { ownerText } from '@assay/core/contracts/standing-rule';
import { plainTable } from '../report/plain-table.js';
import { printable } from '@assay/core/errors/printable';
import { duelText } from './duel-text.js';
import type { BestKnown } from './best-known.js';
import type { Evaluation } from './evaluate.js';
import type { TaskReport } from './evaluate-model.js';
import { lossesOf, meanLossOf, speedOf } from './totals.js';
import { epsilonOf } from './competition.js';

/** Up to so many sequences are listed without being asked for. */
const FEW = 24;
const MIB = 1024 * 1024;
const DIGITS = 16;

type Row = [string, string];

/** The answer for people. */
export function textOf(evaluation: Evaluation, showsLosses: boolean): string {
  const { tasks, competition, answer } = evaluation;
  const listed = tasks.length > 0 && (showsLosses || lossesOf(tasks).length <= FEW);
  return [
    plainTable(['model', nameOf(evaluation)], [...summaryOf(evaluation), ...(answer ? runOf(answer, tasks) : [])]),
    ...(tasks.length > 0 ? [tasksText(tasks)] : []),
    ...(competition ? competitionText(competition) : []),
    ...(listed ? [lossesText(tasks)] : []),
  ].join('\n\n');
}

function nameOf({ found: { model } }: Evaluation): string {
  const { name, revision } = model.reference;
  return printable(revision === '' ? name : `${repoName(model.reference)}@${revision}`, 200);
}

function summaryOf({ facts, found: { totalBytes, directoryHash } }: Evaluation): Row[] {
  return [
    ['architecture', facts.architecture],
    ['parameters', `${facts.parameterCount} (${facts.dtypes.join(', ')})`],
    ['size', `${(totalBytes / MIB).toFixed(1)} MiB`],
    ['identity', facts.evaluationDigest.slice(0, DIGITS)],
    ['tensors', facts.tensorsDigest.slice(0, DIGITS)],
    ...(directoryHash === undefined ? [] : [['directory', directoryHash] satisfies Row]),
    ...(facts.unusedTensors.length > 0 ? [['unused tensors', String(facts.unusedTensors.length)] satisfies Row] : []),
    ...(facts.notes ?? []).map((note): Row => ['note', printable(note, 400)]),
  ];
}

function runOf(answer: EvaluationAnswer, tasks: readonly TaskReport[]): Row[] {
  const { loadMs, computeMs, cpuMs, peakAnonymousBytes, peakRssBytes } = answer.timings;
  const { tokensPerSecond, secondsPerSequence } = speedOf(answer, tasks);
  const memory = [
    ...(peakAnonymousBytes === undefined ? [] : [`${Math.round(peakAnonymousBytes / MIB)} MiB of its own`]),
    ...(peakRssBytes === undefined ? [] : [`${Math.round(peakRssBytes / MIB)} MiB with mapped files`]),
  ];
  return [
    ['mean loss', meanLossOf(tasks)?.toFixed(6) ?? 'none'],
    [
      'speed',
      `${Math.round(tokensPerSecond)} tokens/s, ${secondsPerSequence.toPrecision(3)} s per sequence, continuations included`,
    ],
    [
      'time',
      `load ${loadMs.toFixed(0)} ms, compute ${(computeMs / 1000).toFixed(2)} s${cpuMs === undefined ? '' : `, CPU ${(cpuMs / 1000).toFixed(2)} s`}`,
    ],
    ...(memory.length > 0 ? [['memory', memory.join(', ')] satisfies Row] : []),
    ['numerics', Object.values(answer.numerics).join(', ')],
  ];
}

const tasksText = (tasks: readonly TaskReport[]): string =>
  plainTable(
    ['task', 'dataset', 'sequences', 'tokens', 'mean loss', 'perplexity', 'weight', 'reasonable'],
    tasks.map(({ evaluation: { name }, source, sequences, tokens, rawScore, weight, reasonable }) => [
      name,
      source,
      sequences,
      tokens,
      rawScore.toFixed(6),
      Math.exp(rawScore).toFixed(3),
      weight,
      verdict(reasonable),
    ]),
  );

const verdict = (reasonable: boolean | null): string =>
  reasonable === null ? 'not checked' : reasonable ? 'yes' : 'no';

const lossesText = (tasks: readonly TaskReport[]): string =>
  plainTable(
    ['task', 'sequence', 'loss'],
    tasks.flatMap(({ evaluation: { name }, losses }) => losses.map((loss, index) => [name, index, loss.toFixed(6)])),
  );

function competitionText({ drawn, acceptance, best, duel }: NonNullable<Evaluation['competition']>): string[] {
  const { checks, accepted, errors, score } = acceptance;
  const { competition } = drawn.runtime;
  const { rule: epsilon } = epsilonOf(drawn);
  const { id, name } = competition;
  const outcome = accepted
    ? 'would be accepted: yes'
    : `would be accepted: no, because\n${errors.map(({ code, message }) => `  ${code}: ${printable(message, 400)}`).join('\n')}`;
  return [
    [
      `competition ${id} (${name}), seed ${drawn.seed} (${drawn.seedSource})`,
      ...drawn.warnings.map(({ code, message, hint }) => `  ${code}: ${printable(message, 400)}\n    → ${hint}`),
    ].join('\n'),
    plainTable(
      ['check', 'found', 'allowed', 'met'],
      checks.map((check) => [check.name, String(check.found), String(check.limit), check.error ? 'no' : 'yes']),
    ),
    [`score: ${score?.toFixed(6) ?? 'none'}`, epsilonText(epsilon), ...(best ? bestText(best) : [])].join('\n'),
    outcome,
    ...(duel ? [duelText(duel, score)] : []),
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(3)} %`;

function epsilonText(epsilon: EpsilonFunction): string {
  const [first, last] = [epsilon.compute(0, 0), epsilon.fullyDecayed];
  return `epsilon: ${percent(first)} over later models when committed${first === last ? '' : `, ${percent(last)} in the end`}`;
}

function bestText({ round, uid, block, score, toBeat, bar, sameSamples }: BestKnown): string[] {
  return [
    `best known: ${ownerText(uid)}, committed at block ${block}, ${score.toFixed(6)} in round ${round}${sameSamples ? ' on the same samples' : ', on other samples'}`,
    `to beat it: less than ${toBeat.toFixed(6)} there${bar && `, ${bar}`}`,
  ];
}
