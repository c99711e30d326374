import type { JournalRecord } from '../../contracts/round-journal.js';
import type { RoundRow } from '../../contracts/reporter.js';
import { report, type RuntimeDeps } from '../context.js';
import { refusalOf, type Judgement, type RoundEntry } from './entry.js';
import type { RoundPlan } from './plan.js';

interface FinishedRound {
  plan: RoundPlan;
  entry: Omit<RoundEntry, 'verdict' | 'subnetWeights'>;
  judgement: Judgement;
  record: JournalRecord;
  elapsedMs: number;
}

/** The round's table for everyone who listens; miners whose model was refused stand in it with their cause. */
export function tellRound(deps: RuntimeDeps, { plan, entry, judgement, record, elapsedMs }: FinishedRound): void {
  const { competition } = plan.entry;
  report(deps, {
    event: 'round-finished',
    number: record.number,
    hash: record.hash,
    competition: { id: competition.id, name: competition.name },
    block: plan.now.number,
    void: judgement.verdict.void,
    rows: [...judgedRows(entry, judgement), ...refusedRows(deps, plan, entry)],
    elapsedMs,
  });
}

function judgedRows(entry: FinishedRound['entry'], { verdict }: Judgement): RoundRow[] {
  return entry.contenders.flatMap((contender) => {
    const one = verdict.contenders.find(({ uid }) => uid === contender.uid);
    if (!one) return [];
    return [
      {
        uid: contender.uid,
        hotkey: contender.hotkey,
        repo: `${contender.reference.namespace}/${contender.reference.name}`,
        block: contender.block,
        score: one.score,
        epsilon: one.epsilon,
        competitive: one.competitive,
        winRate: one.winRate,
        wins: one.wins,
        stepWeight: one.stepWeight,
        averageWeight: one.averageWeight,
        sameAs: contender.sameAs,
        error: refusalOf(contender.outcome, entry.competition.tasks),
      },
    ];
  });
}

function refusedRows(
  { state }: RuntimeDeps,
  { snapshot, entry: { competition } }: RoundPlan,
  entry: FinishedRound['entry'],
): RoundRow[] {
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
        repo: model.commitment.split(':').slice(0, 2).join('/'),
        block: model.block,
        score: null,
        epsilon: null,
        competitive: false,
        winRate: null,
        wins: null,
        stepWeight: 0,
        averageWeight: 0,
        sameAs: null,
        error: model.error,
      },
    ];
  });
}
