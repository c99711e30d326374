import type { HistoryNeed } from '../../contracts/rule.js';
import type { AssayError } from '../../errors/assay-error.js';
import type { ScheduledCompetition } from '../competitions.js';
import { report, type RuntimeDeps } from '../context.js';
import { runtimeErrors } from '../errors.js';
import type { ValidatorState } from '../validator-state.js';
import { readGivenHistory } from './given-history.js';
import { historyOf, recordHistory } from './history-record.js';

type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;

/**
 * Why a competition can't be judged: its rules rest on everything since a block, and this validator has begun too long after it,
 * with nothing that says what happened before. Undefined where nothing is unknown.
 */
export function historyUnknown(
  { state, operator }: Pick<RuntimeDeps, 'state' | 'operator'>,
  { competition, rulesAt }: Entry,
  block: number,
): AssayError | undefined {
  if (hasBegun(state, competition.id)) return undefined;
  const { standing, entrants } = rulesAt(block);
  const given = operator.history[competition.name] ?? {};
  const unknown = [
    given.standing === undefined ? standing.rule.history : undefined,
    given.entrants === undefined ? entrants.rule.history : undefined,
  ].filter((need) => need !== undefined && isLate(need, block));
  if (unknown.length === 0) return undefined;
  return runtimeErrors.HISTORY_UNKNOWN({
    competition: competition.name,
    block,
    unknown: unknown.flatMap((need) => (need ? [{ about: need.about, since: need.since }] : [])),
  });
}

const isLate = ({ since, tolerance }: HistoryNeed, block: number): boolean => block > since + tolerance;

/** Alarms that this run has raised, by the state that it writes. */
const raised = new WeakMap<ValidatorState, Set<number>>();

/**
 * Whether a competition can be judged. The first time that it can, what is known of its history is put on record: what the
 * operator has written in the config, or that this validator was there in time. An unknown history raises an alarm once.
 */
export async function knowsHistory(deps: RuntimeDeps, entry: Entry, block: number): Promise<boolean> {
  const { state } = deps;
  const { id, name } = entry.competition;
  const error = historyUnknown(deps, entry, block);
  if (error) {
    const told = raised.get(state) ?? new Set<number>();
    raised.set(state, told);
    if (!told.has(id)) report(deps, { event: 'warning', error: error.toReport() });
    if (!told.has(id)) deps.log('error', error.message, { competition: name, code: error.code });
    told.add(id);
    return false;
  }
  if (hasBegun(state, id)) return true;
  await state.entrantsLock.run(async () => {
    if (!hasBegun(state, id)) await begin(deps, entry, block);
  });
  return true;
}

async function begin(deps: RuntimeDeps, { competition: { id, name }, rulesAt }: Entry, block: number): Promise<void> {
  const rules = rulesAt(block);
  const given = deps.operator.history[name];
  if (given) await recordHistory(deps, block, readGivenHistory({ id, name }, given, rules));
  else if (rules.standing.rule.history ?? rules.entrants.rule.history)
    await recordHistory(deps, block, {
      ...{ competition: { id, name }, source: { kind: 'start' } },
      ...{ standing: null, entrants: null, marks: [] },
    });
}

/** Whether anything of a competition is on record here, or was taken over from another validator. */
function hasBegun(state: ValidatorState, id: number): boolean {
  if (state.standing(id) !== undefined || state.entrants(id) !== undefined) return true;
  const { journal } = state;
  const newest = journal.head('history')?.number ?? 0;
  return journal.records(newest, 'history').some((record) => historyOf(record, journal).competition.id === id);
}
