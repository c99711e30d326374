import type { ChainSnapshot, WeightsReceipt } from '../contracts/chain-client.js';
import type { EventOf } from '../contracts/reporter.js';
import { competitionsAt } from '../competition/schedule.js';
import { RULES_VERSION } from '../judging/rules-version.js';
import { mergeRulesAt } from '../rules/chosen.js';
import { submissionOf, type Submission } from '../rules/submission.js';
import type { RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import { standingsAt } from './standings.js';
import type { PlannedSubmission, SubmissionOutcome } from './submission-entry.js';

type PlanDeps = Pick<RuntimeDeps, 'state' | 'profile' | 'rules' | 'clock' | 'competitions'>;

/** Weights to submit: as they are recorded, and as they are reported. */
interface PlannedWeights {
  plan: PlannedSubmission;
  told: EventOf<'weights-set'>['weights'];
}

/** The subnet's weights as they follow from the standings at a snapshot. @throws WEIGHTS_EMPTY and as `submissionOf` */
export function planWeights(deps: PlanDeps, snapshot: ChainSnapshot, hotkey: string): PlannedWeights {
  const { state, profile, rules, clock } = deps;
  const { number: block, hash: blockHash } = snapshot.at;
  const schedule = competitionsAt(profile.schedule, block).map(({ id, share }) => ({ id, share }));
  const input = {
    standings: Object.fromEntries(
      [...standingsAt(deps, block)].filter(([id]) => schedule.some((scheduled) => scheduled.id === id)),
    ),
    schedule,
    merge: mergeRulesAt(rules, profile, block).map(({ record }) => record),
    seats: snapshot.neurons.map(({ uid, hotkey: held }) => ({ uid, hotkey: held })),
    ownerHotkey: snapshot.ownerHotkey,
    minAllowedWeights: snapshot.parameters.minAllowedWeights,
  };
  const submission = submissionOf(input, rules);
  if (submission.uids.length === 0) throw runtimeErrors.WEIGHTS_EMPTY({});
  const { shares, uids, weights } = submission;
  const plan: PlannedSubmission = {
    type: 'submission',
    format: 2,
    rulesVersion: RULES_VERSION,
    recordedAt: new Date(clock.now()).toISOString(),
    netuid: profile.netuid,
    hotkey,
    block,
    blockHash,
    round: state.journal.head()?.number ?? 0,
    ...input,
    shares,
    uids,
    weights,
  };
  return { plan, told: toldWeights(deps, submission, block) };
}

/** The weights by uid, without those of zero that fill up the row, and what each competition in force gives. */
function toldWeights(
  { profile, competitions }: PlanDeps,
  { standings, shares, uids, weights }: Submission,
  block: number,
): PlannedWeights['told'] {
  const sources = competitionsAt(profile.schedule, block).map(({ id, share, name = '' }) => ({
    id,
    name: competitions.at(id, block)?.competition.name ?? name,
    share,
  }));
  return uids.flatMap((uid, index) => {
    const value = weights[index] ?? 0;
    if (value === 0) return [];
    const from = sources.map((source) => ({ ...source, standing: standings.get(source.id)?.[uid] ?? 0 }));
    return [{ uid, share: shares[uid] ?? 0, value, from }];
  });
}

/** What a receipt says of a submission. */
export function outcomeOf({ at, mode, reveal }: WeightsReceipt): SubmissionOutcome {
  const landed = { block: at.number, blockHash: at.hash };
  return mode === 'set'
    ? { status: 'set', ...landed }
    : { status: 'committed', ...landed, revealBlock: reveal?.block ?? null };
}
