import type { ModelFacts } from '@assay/core/contracts/model';
import { scoreModel } from '@assay/core/judging/score';
import { limitChecks, sizeCheck, type LimitCheck } from '@assay/core/model/limits';
import type { EvaluatedModel } from './evaluate-model.js';
import type { DrawnCompetition } from './questions.js';

/** How a competition would take a model: every limit, the verdict on its output, and its score. */
export interface Acceptance {
  checks: LimitCheck[];
  accepted: boolean;
  /** Why not. */
  reasons: string[];
  /** Lower is better; null where there is none. */
  score: number | null;
}

export function acceptanceOf({ runtime }: DrawnCompetition, facts: ModelFacts, totalBytes: number, { tasks, failure }: EvaluatedModel): Acceptance {
  const { competition, tokenizer } = runtime;
  const checks = [sizeCheck(totalBytes, competition.constraints), ...limitChecks(facts, competition.constraints, tokenizer.vocabularySize)];
  const unreasonable = tasks.filter(({ details }) => details.reasonable === false).map(({ evaluation }) => evaluation.name);
  const reasons = [
    ...checks.flatMap(({ error }) => (error ? [error.message] : [])),
    ...(failure ? [failure.message] : []),
    ...unreasonable.map((name) => `What it generates in task ${name} is repetitive or independent of its prompt.`),
  ];
  const { score } = scoreModel(
    tasks.flatMap(({ evaluation: { name }, rawScore, weight }) => {
      const task = competition.tasks.find((one) => one.name === name);
      return task ? [{ name, rawScore, weight, normalization: task.normalization }] : [];
    }),
  );
  return { checks, accepted: reasons.length === 0, reasons, score: Number.isFinite(score) ? score : null };
}
