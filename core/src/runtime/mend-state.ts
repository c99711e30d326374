import { report, type RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import { IntakeRows } from './intake/intake-rows.js';
import { newestRoundsOf, statedRecords } from './recorded-rounds.js';
import { ReplayedJournal, type ReplayedCompetition } from './replayed-journal.js';
import { fingerprintOf } from './round/plan.js';
import { HISTORY_LENGTH } from '../judging/next-state.js';
import { judgedIds } from './competitions.js';
import type { Standing } from '../contracts/standing-rule.js';
import type { TrackedModel } from './tables.js';
import { put, type Put } from './derived-rows.js';

type MendDeps = Pick<RuntimeDeps, 'state' | 'competitions' | 'rules' | 'reporter' | 'clock' | 'log'>;

/**
 * Makes good what a disk or memory has done to the derived tables: damaged rows are dropped, and standing, history,
 * contenders, entrants and last rounds are derived again from the records. What is left out (verified models, finished
 * evaluations, the time of the last weights) is found out again by the loops.
 *
 * @throws JOURNAL_CHAIN_BROKEN when the rounds themselves are damaged
 */
export function mendState(deps: MendDeps): Promise<void> {
  // A claim that is taken in meanwhile would be missing in what is derived.
  return deps.state.entrantsLock.run(() => mend(deps));
}

async function mend(deps: MendDeps): Promise<void> {
  const { state } = deps;
  const tables = new Set(await state.journal.dropDamaged());
  const wrong = [...state.standings()].filter(([id, standing]) => !newestRoundsOf(state.journal).agrees(id, standing));
  if (wrong.length > 0) tables.add('standings');
  if (tables.size === 0) return;
  const journal = new ReplayedJournal(deps.rules);
  for (const record of statedRecords(state.journal)) journal.add(record);
  const replayed = journal.competitions;
  await state.update(() => [
    ...[...replayed].flatMap(([id, { standing }]) => missingStanding(deps, id, standing)),
    ...[...replayed].flatMap(([id, one]) => missingEntrants(deps, id, one)),
    ...[...replayed].flatMap(([id, one]) => missingIntake(deps, id, one, tables.has('taken-claims'))),
    ...[...replayed].flatMap(([id, one]) => missingHistory(deps, id, one)),
    ...[...replayed].flatMap(([id, one]) => missingContenders(deps, id, one)),
    ...[...replayed].flatMap(([id, one]) => missingLastRound(deps, id, one)),
    // A lost row may have been of a submission that has landed: what the chain shows next is taken for ours.
    ...(tables.has('weights') ? [put.ownUpdate(undefined)] : []),
  ]);
  const error = runtimeErrors.STATE_DERIVED_AGAIN({ tables: [...tables].sort() });
  deps.log('warn', 'stored state was derived again', { tables: [...tables] });
  report(deps, { event: 'warning', error: error.toReport() });
}

function missingStanding({ state }: MendDeps, id: number, standing: Standing | undefined): Put[] {
  const held = state.standing(id);
  if (held && newestRoundsOf(state.journal).agrees(id, held)) return [];
  return standing ? [put.standing(id, standing)] : [];
}

function missingEntrants({ state }: MendDeps, id: number, { intake }: ReplayedCompetition): Put[] {
  if (state.entrants(id)) return [];
  const derived = intake.state;
  return derived ? [put.entrants(id, derived)] : [];
}

function missingIntake(
  { state }: MendDeps,
  id: number,
  { intake }: ReplayedCompetition,
  hasLostClaims: boolean,
): Put[] {
  const rows = new IntakeRows(state.journal, id);
  const lost = hasLostClaims ? [...intake.taken] : [];
  return [...rows.marked(intake.marks), ...lost.map(([hotkey, claims]) => rows.taken(hotkey, claims))];
}

const hasModel = (model: TrackedModel | undefined, commitment: string, block: number): model is TrackedModel =>
  model !== undefined && model.facts !== null && model.commitment === commitment && model.block === block;

function missingHistory({ state }: MendDeps, id: number, { results }: ReplayedCompetition): Put[] {
  return [...results].flatMap(([hotkey, all]) => {
    if (state.history(id, hotkey).length > 0) return [];
    const model = state.model(hotkey);
    const own = all.filter(({ commitment, committedAt }) => hasModel(model, commitment, committedAt));
    if (own.length === 0) return [];
    return [
      put.history(
        id,
        hotkey,
        own.slice(-HISTORY_LENGTH).map(({ result }) => result),
      ),
    ];
  });
}

/** Kept is who the newest round kept. Who waits: models that it could not score, and models that no round has judged. */
function missingContenders(
  { state, competitions }: MendDeps,
  id: number,
  { counted, results }: ReplayedCompetition,
): Put[] {
  if (!counted || state.hasContenders(id)) return [];
  const competition = competitions.at(id, counted.entry.block)?.competition;
  if (!competition) return [];
  const current = counted.entry.contenders.filter(({ hotkey, commitment, block }) =>
    hasModel(state.model(hotkey), commitment, block),
  );
  const unscored = current.filter(({ outcome }) => outcome.status === 'failed' && outcome.error.fault !== 'miner');
  const waiting = new Set(unscored.map(({ hotkey }) => hotkey));
  const pending = state.models().filter((model) => {
    const isOurs =
      model.facts !== null && model.competition !== null && judgedIds(competition).includes(model.competition);
    const isJudged = results
      .get(model.hotkey)
      ?.some(({ commitment, committedAt }) => hasModel(model, commitment, committedAt));
    return isOurs && (waiting.has(model.hotkey) || isJudged !== true);
  });
  const kept = current.filter(({ uid, hotkey }) => counted.verdict.keep.includes(uid) && !waiting.has(hotkey));
  const hotkeysOf = (list: readonly { hotkey: string }[]): string[] => list.map(({ hotkey }) => hotkey);
  return [put.contenders(id, { pending: hotkeysOf(pending), kept: hotkeysOf(kept) })];
}

function missingLastRound({ state, competitions }: MendDeps, id: number, { settled }: ReplayedCompetition): Put[] {
  if (!settled || state.lastRound(id)) return [];
  const { number, entry } = settled;
  const competition = competitions.at(id, entry.block)?.competition;
  if (!competition) return [];
  const fingerprint = fingerprintOf(
    [competition, entry.rules],
    entry.syncBlock,
    BigInt(entry.seed),
    entry.contenders,
    entry.unknown ?? [],
  );
  return [put.lastRound(id, { number, block: entry.block, fingerprint })];
}
