import type { CompetitionState, IsCurrent, JudgingState } from '../../judging/next-state.js';
import { nextState } from '../../judging/next-state.js';
import type { RoundVerdict } from '../../judging/verdict.js';
import { IntakeRows } from '../intake/intake-rows.js';
import type { ValidatorState } from '../validator-state.js';
import { put } from '../derived-rows.js';
import type { UnjudgedRound } from './entry-shape.js';

type Put = ReturnType<typeof put.standing>;

/** Rows of everything that a round changes. */
export function rowsAfter(state: ValidatorState, round: UnjudgedRound, verdict: RoundVerdict): Put[] {
  const isCurrent: IsCurrent = ({ hotkey, commitment, block }) => {
    const model = state.model(hotkey);
    return model?.commitment === commitment && model.block === block;
  };
  const hotkeys = round.contenders.map(({ hotkey }) => hotkey);
  const before = judgingState(state, round.competition.id, hotkeys);
  const after = nextState(before, round, verdict, isCurrent);
  return [...after].flatMap(([id, one]) => [
    ...changedRows(id, before.get(id), one),
    ...endedRows(state, id, before, one),
  ]);
}

/** A competition that left the schedule starts without state when it comes back, and takes its claims in again. */
const endedRows = ({ journal }: ValidatorState, id: number, before: JudgingState, after: CompetitionState): Put[] =>
  before.get(id)?.entrants && !after.entrants ? new IntakeRows(journal, id).forgotten() : [];

/** What is stored of every competition; lists and history of the one that is judged, which alone may change. */
function judgingState(state: ValidatorState, judged: number, hotkeys: readonly string[]): JudgingState {
  const ids = new Set([judged, ...state.standings().keys(), ...state.entrantsIds()]);
  return new Map(
    [...ids].map((id): [number, CompetitionState] => [
      id,
      {
        standing: state.standing(id),
        entrants: state.entrants(id),
        ...(id === judged ? state.contenders(id) : { pending: [], kept: [] }),
        history: new Map(id === judged ? hotkeys.map((hotkey) => [hotkey, state.history(id, hotkey)]) : []),
      },
    ]),
  );
}

function changedRows(id: number, before: CompetitionState | undefined, after: CompetitionState): Put[] {
  if (before === after) return [];
  const lists = { pending: [...after.pending], kept: [...after.kept] };
  const hasLists = before?.pending !== after.pending || before.kept !== after.kept;
  return [
    put.standing(id, after.standing),
    put.entrants(id, after.entrants),
    ...(hasLists ? [put.contenders(id, lists)] : []),
    ...[...after.history].flatMap(([hotkey, results]) =>
      before?.history.get(hotkey) === results ? [] : [put.history(id, hotkey, [...results])],
    ),
  ];
}
