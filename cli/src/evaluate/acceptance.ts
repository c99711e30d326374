import { competitionAt } from '@assay/core/competition/schedule';
import type { SubnetProfile } from '@assay/core/competition/profile';
import type { Inspection } from '@assay/core/contracts/evaluator';
import { repoName } from '@assay/core/contracts/model';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { scoreModel } from '@assay/core/judging/score';
import type { CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { EntryContext, Finding } from '@assay/core/contracts/entry-check';
import { runtimeErrors } from '@assay/core/runtime/errors';
import type { DrawnCompetition } from './competition.js';
import type { EvaluatedModel } from './evaluate-model.js';
import type { FoundModel } from './find-model.js';

/** How a competition would take a model: every check of its way in, the verdict on its output, and its score. */
export interface Acceptance {
  checks: Finding[];
  accepted: boolean;
  /** Why not. */
  errors: AssayError[];
  /** Lower is better; null where there is none. */
  score: number | null;
}

/** What a model's way in is looked at with, beside the competition. */
interface Judge {
  profile: SubnetProfile;
  scheme: CommitmentScheme;
  /** The model that reigns, where it was named. */
  defender?: EntryContext['defender'];
}

export function acceptanceOf(
  drawn: DrawnCompetition,
  judge: Judge,
  found: FoundModel,
  facts: Inspection,
  { tasks, failure }: EvaluatedModel,
): Acceptance {
  const { competition } = drawn.runtime;
  const checks = checksOf(drawn, judge, found, facts);
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

/** Every check of a model's way in, in the order in which a validator looks. */
export function checksOf(
  { runtime: { competition, tokenizer, rulesAt }, block }: Pick<DrawnCompetition, 'runtime' | 'block'>,
  { profile, scheme, defender }: Judge,
  found: FoundModel,
  facts: Inspection,
): Finding[] {
  const { model, totalBytes } = found;
  const { constraints } = competition;
  const context = { constraints, vocabularySize: tokenizer.vocabularySize, ...(defender ? { defender } : {}) };
  const checks = rulesAt(block ?? 0).entryChecks.map(({ rule }) => rule);
  const fetched = { reference: model.reference, files: model.files };
  const { tensors, ...plain } = facts;
  const inspected = { ...fetched, facts: plain, config: found.config, ...(tensors ? { tensors } : {}) };
  return [
    ...repoChecks(found, competition.id, scheme),
    ...(block === undefined ? [] : [scheduleCheck(profile, competition.id, block)]),
    ...checks.flatMap((one) => one.listed?.({ ...fetched, totalBytes }, context) ?? []),
    ...(found.refusal
      ? [{ name: 'files', found: model.files.length, limit: 'fetched as a repo', error: found.refusal }]
      : checks.flatMap((one) => one.fetched?.(fetched, context) ?? [])),
    ...checks.flatMap((one) => one.inspected?.(inspected, context) ?? []),
  ];
}

/** The address of the key that is all zeros. */
const NOBODY = '5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM';

/** Whether a commitment can name the repo. A folder has no name yet. */
function repoChecks({ model }: FoundModel, competition: number, scheme: CommitmentScheme): Finding[] {
  const { reference } = model;
  if (reference.revision === '') return [];
  const found = { name: 'repo', found: repoName(reference), limit: 'fits into a commitment' };
  try {
    // The hotkey is not known here: with any other the text has the same shape.
    scheme.parse(scheme.format({ reference, proof: scheme.proofOf(model, NOBODY), competition }, NOBODY));
    return [found];
  } catch (error) {
    return [{ ...found, error: toAssayError(error) }];
  }
}

function scheduleCheck({ schedule }: SubnetProfile, id: number, block: number): Finding {
  const found = { name: 'schedule', found: `block ${block}`, limit: 'open' };
  return competitionAt(schedule, id, block)
    ? found
    : { ...found, error: runtimeErrors.COMPETITION_NOT_SCHEDULED({ id, block }) };
}
