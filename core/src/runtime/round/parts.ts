import { sampleCount, type EvaluationTask, type SampleRange } from '../../contracts/evaluation-task.js';
import type { MatchRule } from '../../contracts/match-rule.js';
import type { DrawnTask } from './sample.js';

/** Samples of every task that are scored before the next model has its turn. */
export interface Part {
  /** Of each task, in task order. */
  ranges: readonly SampleRange[];
  isFirst: boolean;
  isLast: boolean;
}

/** The parts of a round, in order: one with all samples, or those after which the match rule is asked whether the round ends. */
export function partsOf({ earlyStop }: MatchRule, tasks: readonly DrawnTask[]): Part[] {
  const totals = tasks.map(({ evaluation }) => sampleCount(evaluation.samples));
  const most = Math.max(...totals);
  const every = earlyStop && tasks.length === 1 ? earlyStop.every : most;
  return Array.from({ length: Math.ceil(most / every) }, (_none, index) => {
    const from = index * every;
    return {
      ranges: totals.map((total) => ({ from, to: Math.min(from + every, total) })),
      isFirst: index === 0,
      isLast: from + every >= most,
    };
  });
}

/** So many ranges of one task a request has at most: a program reads the samples again for each of them. */
const MAX_RANGES = 16;

/** A task with a range of its samples, and the task of the round that it belongs to. */
export interface AskedTask {
  evaluation: EvaluationTask;
  /** Place among the tasks of the round. */
  place: number;
}

/**
 * What an evaluator is asked in a part: the samples whose losses are not known, and in the first part the beginnings that a model
 * continues. A task with several ranges is asked several times, under different names.
 * @param known of each task and each sample of its range the loss, or undefined; nothing is known where it is left out
 * @param hasDetails whether what a result has beside its losses is known too; else the first sample is asked for
 */
export function askedIn(
  { ranges, isFirst, isLast }: Part,
  tasks: readonly DrawnTask[],
  known: readonly (readonly (number | undefined)[])[] = [],
  hasDetails = false,
): AskedTask[] {
  return tasks.flatMap(({ evaluation, prompts }, place) => {
    const range = ranges[place] ?? { from: 0, to: 0 };
    const all = Array.from({ length: range.to - range.from }, (_none, index) => range.from + index);
    const missing = all.filter((index) => known[place]?.[index - range.from] === undefined);
    const needsFirst = isFirst && (prompts.length > 0 || !hasDetails);
    const wanted = needsFirst ? [...new Set([0, ...missing])] : missing;
    const isWhole = isFirst && isLast && wanted.length === range.to;
    if (isWhole) return [{ place, evaluation }];
    return rangesOf(wanted).map((part, index) => {
      const name = index === 0 ? evaluation.name : `${evaluation.name}#${index}`;
      return { place, evaluation: { ...evaluation, name, range: part } };
    });
  });
}

/** Ranges that cover ascending indices; the smallest gaps between them are covered too where there are too many. */
function rangesOf(indices: readonly number[]): SampleRange[] {
  const ranges: SampleRange[] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last?.to === index) last.to = index + 1;
    else ranges.push({ from: index, to: index + 1 });
  }
  while (ranges.length > MAX_RANGES) {
    const gaps = ranges.slice(1).map(({ from }, index) => from - (ranges[index]?.to ?? 0));
    const at = gaps.indexOf(Math.min(...gaps));
    const [first, second] = ranges.slice(at, at + 2);
    if (first && second) ranges.splice(at, 2, { from: first.from, to: second.to });
  }
  return ranges;
}
