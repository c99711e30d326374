import type { Container } from 'inversify';
import { sampleCount, type SampleRange, type TaskResult } from '@assay/core/contracts/evaluation-task';
import {
  EVALUATOR,
  type EvaluationAnswer,
  type EvaluationProgress,
  type Evaluator,
} from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import { DEADLINE_MS, reportOf, type EvaluatedModel } from './evaluate-model.js';
import type { FoundModel } from './find-model.js';
import type { Question } from './questions.js';

/** One of the models that are scored in turns. */
export interface Side {
  found: FoundModel;
  facts: ModelFacts;
}

/** How the samples are split: each part is scored for every model before the next part, until `stops` says true. */
interface Parts {
  every: number;
  stops: (models: readonly EvaluatedModel[]) => boolean;
}

/**
 * Scores several models on the same samples.
 * @param parts absent: all samples at once
 * @returns the models in their order, with the losses of the parts that were scored
 */
export async function scoreInTurns(
  container: Container,
  sides: readonly Side[],
  questions: readonly Question[],
  parts: Parts | undefined,
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
): Promise<EvaluatedModel[]> {
  const evaluator = await container.getAsync<Evaluator>(EVALUATOR);
  const total = Math.max(...questions.map(({ evaluation: { samples } }) => sampleCount(samples)));
  const every = parts?.every ?? total;
  const answers: EvaluationAnswer[] = [];
  for (let from = 0; from < total; from += every) {
    const range = parts ? { from, to: Math.min(total, from + every) } : undefined;
    for (const [index, side] of sides.entries()) {
      const keep = parts !== undefined && from + every < total;
      const asked = { range, keep };
      const answer = await ask(evaluator, side, questions, asked, onProgress, signal);
      answers[index] = joined(answers[index], answer);
    }
    const models = answers.map((answer) => modelOf(answer, questions));
    if (from + every < total && parts?.stops(models) === true) return models;
  }
  return answers.map((answer) => modelOf(answer, questions));
}

const modelOf = (answer: EvaluationAnswer, questions: readonly Question[]): EvaluatedModel => ({
  answer,
  tasks: questions.map((question) => reportOf(question, answer)),
});

function ask(
  evaluator: Evaluator,
  { found: { model }, facts }: Side,
  questions: readonly Question[],
  { range, keep }: { range: SampleRange | undefined; keep: boolean },
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
): Promise<EvaluationAnswer> {
  const digests = questions.map(({ evaluation }) => evaluation.samplesDigest);
  return evaluator.evaluate(
    {
      id: [facts.evaluationDigest, ...digests, range?.from ?? 0].join('-'),
      model: { ...model, facts },
      tasks: questions.map(({ evaluation }) => ({ ...evaluation, ...(range ? { range } : {}) })),
      deadlineMs: DEADLINE_MS,
      ...(keep ? { keep } : {}),
    },
    onProgress,
    signal,
  );
}

/** What the parts of a model come to: losses one after the other, the rest of the first part, times together. */
function joined(before: EvaluationAnswer | undefined, answer: EvaluationAnswer): EvaluationAnswer {
  if (!before) return answer;
  const results = before.results.map((result): TaskResult => {
    const next = answer.results.find(({ name }) => name === result.name);
    return { ...result, losses: [...result.losses, ...(next?.losses ?? [])] };
  });
  const { loadMs, computeMs, cpuMs, ...rest } = before.timings;
  const more = answer.timings;
  const timings = {
    ...rest,
    loadMs: loadMs + more.loadMs,
    computeMs: computeMs + more.computeMs,
    ...(cpuMs === undefined || more.cpuMs === undefined ? {} : { cpuMs: cpuMs + more.cpuMs }),
  };
  return { ...before, results, timings };
}
