import { isDeepStrictEqual } from 'node:util';
import type { Standing } from '../contracts/standing-rule.js';
import { RECORD_TYPES, type JournalChange } from '../contracts/round-journal.js';
import { HISTORY_LENGTH } from '../judging/next-state.js';
import type { RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import { historyOf, recordHistory, type HistoryEntry, type KnownHistory } from './intake/history-record.js';
import type { History, ImportedClaim } from './tables.js';
import type { ValidatorState } from './validator-state.js';
import { put } from './derived-rows.js';

type Put = NonNullable<JournalChange['put']>[number];

/** What another validator has found out, in the form of this one. */
export interface ImportedState {
  /** By competition. */
  standings: ReadonlyMap<number, Standing>;
  /** Claims that it had judged or was about to judge. */
  claims: readonly (ImportedClaim & { hotkey: string })[];
  /** Results of the models of these claims, oldest first. */
  history: readonly { competition: number; hotkey: string; results: History }[];
}

/**
 * Begins the state of a validator with that of another one. Standings hold at once, so that its weights go on. No model
 * is taken over as verified: each is fetched and verified before it plays, and then its results and its place among
 * the contenders go on. Records are not written; the first round holds the standing that it went on from.
 *
 * What an earlier import left is replaced.
 * @throws STATE_NOT_EMPTY when the journal holds a record
 */
export async function importState(state: ValidatorState, imported: ImportedState): Promise<void> {
  await state.update(() => {
    requireNoRecords(state);
    return [...withoutEarlier(state), ...rowsOf(imported)];
  });
}

/**
 * @param begun histories whose records may be there
 * @throws STATE_NOT_EMPTY
 */
export function requireNoRecords(state: ValidatorState, begun: readonly KnownHistory[] = []): void {
  const { journal } = state;
  const isBegun = recordedHistories(state).every((one) => begun.some((history) => isSameHistory(one, history)));
  const counts = RECORD_TYPES.map((type) => ({ type, records: journal.head(type)?.number ?? 0 }));
  const found = counts.find(({ type, records }) => records > 0 && !(type === 'history' && isBegun));
  if (found) throw runtimeErrors.STATE_NOT_EMPTY(found);
}

/**
 * Begins the competitions of a validator with what the exported journal of another one says of them: each gets a record of its
 * own. A run that was cut off is finished by the next one from the same file.
 * @throws STATE_NOT_EMPTY when the journal holds any other record
 */
export async function importHistories(
  deps: Pick<RuntimeDeps, 'chain' | 'clock' | 'profile'> & { state: ValidatorState },
  block: number,
  histories: readonly KnownHistory[],
): Promise<void> {
  requireNoRecords(deps.state, histories);
  for (const history of histories) {
    if (recordedHistories(deps.state).some((recorded) => isSameHistory(recorded, history))) continue;
    await recordHistory(deps, block, history);
  }
}

const recordedHistories = ({ journal }: ValidatorState): HistoryEntry[] =>
  journal.records(journal.head('history')?.number ?? 0, 'history').map((record) => historyOf(record, journal));

const isSameHistory = (recorded: KnownHistory, { competition, source }: KnownHistory): boolean =>
  recorded.competition.id === competition.id && isDeepStrictEqual(recorded.source, source);

function withoutEarlier(state: ValidatorState): Put[] {
  return [
    ...[...state.standings().keys()].map((id) => put.standing(id, undefined)),
    ...state.histories().map(({ competition, hotkey }) => put.history(competition, hotkey, undefined)),
    ...state.importedClaims().map(({ hotkey }) => put.importedClaim(hotkey, undefined)),
    // The validator that is taken over has set weights with the hotkey: the next look takes what it finds for ours.
    put.ownUpdate(undefined),
    put.doppelganger(undefined),
  ];
}

const rowsOf = ({ standings, claims, history }: ImportedState): Put[] => [
  ...[...standings].map(([id, standing]) => put.standing(id, standing)),
  ...claims.map(({ hotkey, ...claim }) => put.importedClaim(hotkey, claim)),
  ...history.map(({ competition, hotkey, results }) =>
    put.history(competition, hotkey, results.slice(-HISTORY_LENGTH)),
  ),
  // Otherwise the first start forgets the results, as it does those of version 0.1.
  put.resultsAreVerified(),
];
