import type { JournalRecord } from '../../contracts/round-journal.js';
import { repoName } from '../../contracts/model.js';
import type { TaskKindRule } from '../../contracts/task-kind.js';
import type { RuleColumn } from '../../contracts/rule.js';
import type { JudgingRules } from '../../rules/chosen.js';
import type { EventOf, RoundRow } from '../../contracts/reporter.js';
import { claimIn, type PlacedClaim } from '../claims.js';
import { report, type RuntimeDeps } from '../context.js';
import type { RoundVerdict } from '../../judging/verdict.js';
import type { RoundEntry, UnjudgedRound } from './entry-shape.js';
import type { RoundWork } from './evaluate.js';
import { refusalOf } from './judged-contender.js';
import type { RoundPlan } from './plan.js';

interface FinishedRound {
  plan: RoundPlan;
  entry: UnjudgedRound;
  verdict: RoundVerdict;
  record: JournalRecord;
  elapsedMs: number;
  /** Absent where nothing was evaluated. */
  work: RoundWork | undefined;
}

/** The round's table for everyone who listens; miners whose model was refused stand in it with their cause. */
export function tellRound(deps: RuntimeDeps, finished: FinishedRound): void {
  const { plan, entry, verdict, record, elapsedMs } = finished;
  const { competition } = plan.entry;
  report(deps, {
    event: 'round-finished',
    number: record.number,
    hash: record.hash,
    competition: { id: competition.id, name: competition.name },
    block: plan.now.number,
    void: verdict.void,
    numerics: entry.numerics,
    columns: columnsOf(plan.rules),
    rows: [...judgedRows(entry, verdict, plan.entry.kinds), ...refusedRows(deps, plan, entry)],
    elapsedMs,
    ...paidBeside(finished),
    ...savedBy(finished),
  });
}

/** Who is paid without a line in the table. */
function paidBeside({ entry, verdict }: FinishedRound): Pick<EventOf<'round-finished'>, 'paidBeside'> {
  const paid = verdict.shares
    .map((share, uid) => ({ uid, share }))
    .filter(({ uid, share }) => share > 0 && entry.contenders.every((contender) => contender.uid !== uid));
  return paid.length > 0 ? { paidBeside: paid } : {};
}

/** What was not computed of the models that have a score, because the round ended early or losses were known; nothing where all was. */
function savedBy({ entry, work }: FinishedRound): Pick<EventOf<'round-finished'>, 'saved'> {
  const samples = entry.samples.reduce((sum, { batches }) => sum + batches, 0);
  if (!work || work.models === 0 || work.computed >= work.models * samples) return {};
  const { models, computed, elapsedMs } = work;
  const used = entry.contenders.flatMap(({ outcome }) =>
    outcome.status === 'scored' ? [outcome.tasks.reduce((sum, task) => sum + task.samples, 0)] : [],
  );
  const notComputed = models * samples - computed;
  return {
    saved: {
      ...{ samples, used: Math.max(0, ...used), models, computed },
      estimatedMs: computed === 0 ? null : Math.round((elapsedMs / computed) * notComputed),
    },
  };
}

/** The columns that a round's own rules add. */
export const columnsOf = ({ match, standing }: Pick<JudgingRules, 'match' | 'standing'>): RuleColumn[] => [
  ...match.rule.columns,
  ...standing.rule.columns,
];

/** The lines of those who were judged. */
export function judgedRows(
  entry: Pick<RoundEntry, 'contenders' | 'competition' | 'similarity'>,
  verdict: Pick<RoundVerdict, 'contenders' | 'compared'>,
  kinds: readonly TaskKindRule[],
): RoundRow[] {
  return entry.contenders.flatMap((contender) => {
    const one = verdict.contenders.find(({ uid }) => uid === contender.uid);
    if (!one) return [];
    const { uid, hotkey, reference, block, sameAs, outcome } = contender;
    const { score, epsilon, winRate, wins, share, values } = one;
    return [
      {
        ...{ uid, hotkey, repo: repoName(reference), block },
        ...{ score, epsilon, winRate, wins, share, values, sameAs },
        ...similarityOf(uid, entry, verdict),
        error: refusalOf(outcome, entry.competition.tasks, kinds),
      },
    ];
  });
}

/** What a contender is like, and what follows from it. */
function similarityOf(
  uid: number,
  { similarity }: Pick<RoundEntry, 'similarity'>,
  { compared }: Pick<RoundVerdict, 'compared'>,
): Pick<RoundRow, 'similarTo' | 'margin'> {
  const pairs = similarity?.pairs.filter(({ later }) => later.uid === uid) ?? [];
  const similarTo = pairs.map(({ earlier, share, distance }) => ({
    ...earlier,
    share,
    ...(distance ? { distance } : {}),
  }));
  const margin = compared?.find((one) => one.uid === uid)?.margin ?? 0;
  return { ...(similarTo.length > 0 ? { similarTo } : {}), ...(margin > 0 ? { margin } : {}) };
}

function refusedRows(deps: RuntimeDeps, plan: RoundPlan, entry: FinishedRound['entry']): RoundRow[] {
  // A queue tells of each refusal when the claim leaves; years of them would fill the table of a duel.
  if (plan.rules.entrants.rule.intake) return [];
  const { state } = deps;
  const { snapshot } = plan;
  const { competition } = plan.entry;
  const judges = competition.judges ?? [competition.id];
  return snapshot.neurons.flatMap(({ uid, hotkey }) => {
    const model = state.model(hotkey);
    // A commitment that can't be read names no competition: its miner is told in each.
    const concerned = model?.error && (model.competition === null || judges.includes(model.competition));
    if (!model || !concerned || entry.contenders.some((contender) => contender.hotkey === hotkey)) return [];
    return [
      {
        uid,
        hotkey,
        repo: repoOf(claimIn(deps, model.commitment, plan.now.number), model.commitment),
        block: model.block,
        score: null,
        epsilon: null,
        winRate: null,
        wins: null,
        share: 0,
        values: {},
        sameAs: null,
        error: model.error,
      },
    ];
  });
}

/** The repo that a claim names; of a commitment that is no claim, how it begins. */
const repoOf = (claim: PlacedClaim | undefined, commitment: string): string =>
  claim ? repoName(claim.reference) : commitment.slice(0, 80);
