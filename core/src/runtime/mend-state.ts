import { report, type RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import { newestRoundsOf, recordedRounds, type RecordedRound } from './recorded-rounds.js';
import { fingerprintOf } from './round/plan.js';
import { HISTORY_LENGTH, nextState, type JudgingState } from '../judging/next-state.js';
import { canGoBetter } from './round/round.js';
import { judgedIds } from './competitions.js';
import type { Standing } from '../contracts/standing-rule.js';
import { withKnownOwners } from './round/format-1.js';
import type { History, TrackedModel } from './tables.js';
import { put, type Put } from './validator-state.js';

type MendDeps = Pick<RuntimeDeps, 'state' | 'competitions' | 'reporter' | 'clock' | 'log'>;

/** What the recorded rounds say of one competition. */
interface Replayed {
  standing: Standing | undefined;
  /** The newest round that counts, and the newest after which the same contenders are not judged again. */
  counted: RecordedRound | undefined;
  settled: RecordedRound | undefined;
  /** By hotkey, oldest first, with the commitment that each result is of. */
  results: Map<string, { commitment: string; committedAt: number; result: History[number] }[]>;
}

/**
 * Makes good what a disk or memory has done to the derived tables: damaged rows are dropped, and standing, history,
 * contenders and last rounds are derived again from the recorded rounds. What is left out (verified models, finished
 * evaluations, the time of the last weights) is found out again by the loops.
 *
 * @throws JOURNAL_CHAIN_BROKEN when the rounds themselves are damaged
 */
export async function mendState(deps: MendDeps): Promise<void> {
  const { state } = deps;
  const tables = new Set(await state.journal.dropDamaged());
  const wrong = [...state.standings()].filter(([id, standing]) => !newestRoundsOf(state.journal).agrees(id, standing));
  if (wrong.length > 0) tables.add('standings');
  if (tables.size === 0) return;
  const replayed = replayRounds(deps);
  await state.update(() => [
    ...[...replayed].flatMap(([id, { standing }]) => missingStanding(deps, id, standing)),
    ...[...replayed].flatMap(([id, one]) => missingEntrants(deps, id, one)),
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

function replayRounds({ state }: MendDeps): Map<number, Replayed> {
  const all = new Map<number, Replayed>();
  let judged: JudgingState = new Map();
  for (const round of recordedRounds(state.journal)) {
    const { id } = round.entry.competition;
    const one = all.get(id) ?? { standing: undefined, counted: undefined, settled: undefined, results: new Map() };
    all.set(id, one);
    if (!canGoBetter(round.entry, round.verdict)) one.settled = round;
    if (round.verdict.void !== null) continue;
    one.counted = round;
    judged = nextState(judged, round.entry, {
      ...round.verdict,
      standing: standingAfter(judged.get(id)?.standing, round),
    });
    addResults(one, round);
  }
  for (const [id, one] of all) one.standing = judged.get(id)?.standing;
  return all;
}

/** What a round left. One of the old format names only the hotkeys that it judged: the others' are those before it. */
function standingAfter(before: Standing | undefined, { verdict: { standing }, isOld }: RecordedRound): Standing | null {
  return standing && isOld ? withKnownOwners(standing, before) : (standing ?? before ?? null);
}

function addResults({ results }: Replayed, { entry, verdict }: RecordedRound): void {
  for (const { uid, hotkey, commitment, block, outcome } of entry.contenders) {
    if (outcome.status === 'failed' && outcome.error.fault !== 'miner') continue;
    const result = {
      block: entry.block,
      score: verdict.contenders.find((one) => one.uid === uid)?.score ?? null,
      winnerBlock: verdict.winner?.block ?? null,
      winnerScore: verdict.winner?.score ?? null,
    };
    results.set(hotkey, [...(results.get(hotkey) ?? []), { commitment, committedAt: block, result }]);
  }
}

function missingStanding({ state }: MendDeps, id: number, standing: Standing | undefined): Put[] {
  const held = state.standing(id);
  if (held && newestRoundsOf(state.journal).agrees(id, held)) return [];
  return standing ? [put.standing(id, standing)] : [];
}

function missingEntrants({ state }: MendDeps, id: number, { counted, standing }: Replayed): Put[] {
  if (!standing || !counted?.verdict.entrants || state.entrants(id)) return [];
  return [put.entrants(id, counted.verdict.entrants)];
}

const hasModel = (model: TrackedModel | undefined, commitment: string, block: number): model is TrackedModel =>
  model !== undefined && model.facts !== null && model.commitment === commitment && model.block === block;

function missingHistory({ state }: MendDeps, id: number, { results }: Replayed): Put[] {
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
function missingContenders({ state, competitions }: MendDeps, id: number, { counted, results }: Replayed): Put[] {
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

function missingLastRound({ state, competitions }: MendDeps, id: number, { settled }: Replayed): Put[] {
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
