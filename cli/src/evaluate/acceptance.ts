import { competitionAt } from '@assay/core/competition/schedule';
import type { SubnetProfile } from '@assay/core/competition/profile';
import { repoName, type ModelFacts } from '@assay/core/contracts/model';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { scoreModel } from '@assay/core/judging/score';
import { filesCheck, limitChecks, sizeCheck, type LimitCheck } from '@assay/core/model/limits';
import { compressModelId, validateCommitment } from '@assay/core/model/model-id';
import { runtimeErrors } from '@assay/core/runtime/errors';
import type { DrawnCompetition } from './competition.js';
import type { EvaluatedModel } from './evaluate-model.js';
import type { FoundModel } from './find-model.js';

/** How a competition would take a model: every check of its way in, the verdict on its output, and its score. */
export interface Acceptance {
  checks: LimitCheck[];
  accepted: boolean;
  /** Why not. */
  errors: AssayError[];
  /** Lower is better; null where there is none. */
  score: number | null;
}

export function acceptanceOf(
  drawn: DrawnCompetition,
  profile: SubnetProfile,
  found: FoundModel,
  facts: ModelFacts,
  { tasks, failure }: EvaluatedModel,
): Acceptance {
  const { competition } = drawn.runtime;
  const checks = checksOf(drawn, profile, found, facts);
  const errors = [
    ...checks.flatMap(({ error }) => error ?? []),
    ...(failure ? [failure] : []),
    ...tasks.flatMap(({ refusal }) => refusal ?? []),
  ];
  const { score } = scoreModel(
    tasks.flatMap(({ evaluation: { name }, rawScore, weight }) => {
      const task = competition.tasks.find((one) => one.name === name);
      return task ? [{ name, rawScore, weight, normalization: task.normalization }] : [];
    }),
  );
  return { checks, accepted: errors.length === 0, errors, score: Number.isFinite(score) ? score : null };
}

/** In the order in which a validator looks. */
function checksOf(
  { runtime: { competition, tokenizer }, block }: DrawnCompetition,
  profile: SubnetProfile,
  found: FoundModel,
  facts: ModelFacts,
): LimitCheck[] {
  return [
    ...repoChecks(found, competition.id),
    ...(block === undefined ? [] : [scheduleCheck(profile, competition.id, block)]),
    sizeCheck(found.totalBytes, competition.constraints),
    found.refusal
      ? { name: 'files', found: found.model.files.length, limit: 'fetched as a repo', error: found.refusal }
      : filesCheck(found.model.files),
    ...limitChecks(facts, competition.constraints, tokenizer.vocabularySize),
  ];
}

/** Whether a commitment can name the repo. A folder has no name yet. */
function repoChecks({ model: { reference }, directoryHash }: FoundModel, competition: number): LimitCheck[] {
  const { namespace, name, revision } = reference;
  if (revision === '') return [];
  const found = { name: 'repo', found: repoName(reference), limit: 'fits into a commitment' };
  try {
    // Bound to a hotkey, the hash has the same length.
    validateCommitment(
      compressModelId({
        namespace,
        name,
        commit: revision,
        hash: null,
        secureHash: directoryHash ?? null,
        competitionId: BigInt(competition),
      }),
    );
    return [found];
  } catch (error) {
    return [{ ...found, error: toAssayError(error) }];
  }
}

function scheduleCheck({ schedule }: SubnetProfile, id: number, block: number): LimitCheck {
  const found = { name: 'schedule', found: `block ${block}`, limit: 'open' };
  return competitionAt(schedule, id, block)
    ? found
    : { ...found, error: runtimeErrors.COMPETITION_NOT_SCHEDULED({ id, block }) };
}
