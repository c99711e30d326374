import type { PastResult } from '../contracts/entrants-rule.js';
import type { RuleState } from '../contracts/rule.js';
import type { Standing } from '../contracts/standing-rule.js';
import type { ErrorReport } from '../errors/assay-error.js';

/** Results of one hotkey and competition that the retry rule looks at. */
export const HISTORY_LENGTH = 3;

/** What rounds leave behind of one competition. */
export interface CompetitionState {
  /** Undefined before the first round that counts, and after the competition has left the schedule. */
  standing: Standing | undefined;
  entrants: RuleState | undefined;
  /** Hotkeys that wait to be judged, and those that are kept from the last round. */
  pending: readonly string[];
  kept: readonly string[];
  /** By hotkey, oldest first. */
  history: ReadonlyMap<string, readonly PastResult[]>;
}

/** What rounds leave behind, by competition. */
export type JudgingState = ReadonlyMap<number, CompetitionState>;

/** The part of a round's entry that state follows from. */
export interface StatedRound {
  block: number;
  competition: { id: number };
  schedule: readonly { id: number }[];
  contenders: readonly {
    uid: number;
    hotkey: string;
    commitment: string;
    block: number;
    outcome: { status: 'scored' } | { status: 'failed'; error: Pick<ErrorReport, 'fault'> };
  }[];
}

/** The part of a verdict that state follows from. */
export interface StatedVerdict {
  void: unknown;
  standing: Standing | null;
  entrants: RuleState | null;
  keep: readonly number[];
  winner: { block: number; score: number } | null;
  contenders: readonly { uid: number; score: number | null }[];
}

/** Whether what was judged is still its miner's claim: who has committed anew meanwhile is not judged yet. */
export type IsCurrent = (contender: StatedRound['contenders'][number]) => boolean;

const NOTHING: CompetitionState = {
  standing: undefined,
  entrants: undefined,
  pending: [],
  kept: [],
  history: new Map(),
};

/**
 * The state after a round. A void round changes nothing. Pure: the run, what is derived again from the records, and a
 * simulator share it.
 */
export function nextState(
  state: JudgingState,
  round: StatedRound,
  verdict: StatedVerdict,
  isCurrent: IsCurrent = () => true,
): JudgingState {
  if (verdict.void !== null) return state;
  const { id } = round.competition;
  const next = new Map(state);
  // A competition that comes back begins anew, as in the reference.
  for (const [other, ended] of state)
    if (!round.schedule.some((scheduled) => scheduled.id === other))
      next.set(other, { ...ended, standing: undefined, entrants: undefined });
  return next.set(id, competitionAfter(state.get(id) ?? NOTHING, round, verdict, isCurrent));
}

function competitionAfter(
  before: CompetitionState,
  round: StatedRound,
  verdict: StatedVerdict,
  isCurrent: IsCurrent,
): CompetitionState {
  const current = round.contenders.filter(isCurrent);
  const waiting = new Set(current.flatMap((contender) => (isWaiting(contender) ? [contender.hotkey] : [])));
  const judged = new Set(current.map(({ hotkey }) => hotkey));
  const history = new Map(before.history);
  for (const { uid, hotkey } of current) {
    if (waiting.has(hotkey)) continue;
    const result = {
      block: round.block,
      score: verdict.contenders.find((one) => one.uid === uid)?.score ?? null,
      winnerBlock: verdict.winner?.block ?? null,
      winnerScore: verdict.winner?.score ?? null,
    };
    history.set(hotkey, [...(history.get(hotkey) ?? []), result].slice(-HISTORY_LENGTH));
  }
  return {
    standing: verdict.standing ?? undefined,
    entrants: verdict.entrants ?? undefined,
    pending: [...new Set([...before.pending, ...before.kept, ...waiting])].filter(
      (hotkey) => waiting.has(hotkey) || !judged.has(hotkey),
    ),
    kept: current.flatMap(({ uid, hotkey }) => (verdict.keep.includes(uid) ? [hotkey] : [])),
    history,
  };
}

/** Who could not be scored by fault of this machine waits. */
const isWaiting = ({ outcome }: StatedRound['contenders'][number]): boolean =>
  outcome.status === 'failed' && outcome.error.fault !== 'miner';
