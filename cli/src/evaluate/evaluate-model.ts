import type { Container } from 'inversify';
import {
  EVALUATOR,
  MODEL_INSPECTOR,
  type EvaluationAnswer,
  type EvaluationProgress,
  type Evaluator,
  type Inspection,
  type ModelInspector,
} from '@assay/core/contracts/evaluator';
import type { ModelFacts } from '@assay/core/contracts/model';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { textLossDetails, type TextLossDetails } from '@assay/core/kinds/text-loss/schemas';
import { isReasonable } from '@assay/core/kinds/text-loss/text-loss';
import { judgedTask } from '@assay/core/runtime/round/results';
import type { FoundModel } from './find-model.js';
import type { Question } from './questions.js';

export const DEADLINE_MS = 24 * 3_600_000;

/** What the model answered to one question. */
export interface TaskReport extends Question {
  rawScore: number;
  losses: readonly number[];
  /** Verdict of the reasonable-output check; null where nothing was continued. */
  reasonable: boolean | null;
  details: TextLossDetails;
  /** Why the task's kind refuses the model. */
  refusal: AssayError | null;
}

export interface EvaluatedModel {
  /** Absent where the model could not be scored. */
  answer?: EvaluationAnswer;
  tasks: TaskReport[];
  /** The miner's fault for which it could not be scored. */
  failure?: AssayError;
}

/** Scores a model of which it is also told whether it would be accepted: a miner's fault is part of the answer. */
export async function evaluateOrSayWhyNot(...args: Parameters<typeof evaluateModel>): Promise<EvaluatedModel> {
  try {
    return await evaluateModel(...args);
  } catch (error) {
    const failure = toAssayError(error);
    if (failure.fault !== 'miner') throw error;
    return { tasks: [], failure };
  }
}

export async function inspect(container: Container, { model }: FoundModel, signal: AbortSignal): Promise<Inspection> {
  return (await container.getAsync<ModelInspector>(MODEL_INSPECTOR)).inspect(model.directory, signal);
}

/** @throws what the evaluator refuses, EVALUATION_ABSENT, NON_FINITE_SCORE */
export async function evaluateModel(
  container: Container,
  { model }: FoundModel,
  facts: ModelFacts,
  questions: readonly Question[],
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
): Promise<EvaluatedModel> {
  const evaluator = await container.getAsync<Evaluator>(EVALUATOR);
  const answer = await evaluator.evaluate(
    {
      id: [facts.evaluationDigest, ...questions.map(({ evaluation }) => evaluation.samplesDigest)].join('-'),
      model: { ...model, facts },
      tasks: questions.map(({ evaluation }) => evaluation),
      deadlineMs: DEADLINE_MS,
    },
    onProgress,
    signal,
  );
  return { answer, tasks: questions.map((question) => reportOf(question, answer)) };
}

/** What the model has done in one task, judged by the task's kind. */
export function reportOf(question: Question, { results }: EvaluationAnswer): TaskReport {
  const { evaluation, kind, prompts } = question;
  const { record, score, refusal } = judgedTask(results, evaluation, kind, prompts);
  const details = textLossDetails.safeParse(results.find(({ name }) => name === evaluation.name)?.details).data;
  return {
    ...question,
    rawScore: score,
    losses: record.losses,
    reasonable: details ? isReasonable(record, evaluation.name) : null,
    details: details ?? { generations: [] },
    refusal,
  };
}
