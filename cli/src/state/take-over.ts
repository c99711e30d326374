import type { ChainSnapshot, Neuron } from '@assay/core/contracts/chain-client';
import type { RuleRecord } from '@assay/core/contracts/rule';
import type { Standing } from '@assay/core/contracts/standing-rule';
import type { ImportedState } from '@assay/core/runtime/import-state';
import type { ReferenceMiner, ReferenceState } from './reference-files.js';

/** What is not taken over, and why. */
export interface LeftOut {
  what: string;
  reason: string;
}

interface TakeOver {
  state: ImportedState;
  left: LeftOut[];
  /** What had to be taken for granted, in words. */
  assumed: string[];
}

/** What there is on this side. */
interface Here {
  snapshot: Pick<ChainSnapshot, 'neurons' | 'at'>;
  /** Competitions that are judged here and whose standing rule goes on from an average of weights. */
  competitions: ReadonlySet<number>;
  /** The reference's own rule. */
  rule: RuleRecord;
}

/**
 * The reference's state in our form. Its weights and lists name uids, ours name hotkeys: a uid is taken for the hotkey
 * that has it now where the reference's tracker knows that hotkey, and where it has had the uid since before the
 * newest evaluation.
 */
export function takeOver({ miners, weights, uids }: ReferenceState, here: Here): TakeOver {
  const left: LeftOut[] = [];
  const owners = ownersOf(miners, here.snapshot.neurons);
  const inForce = (id: number): boolean => here.competitions.has(id);
  const foreign = [...(weights?.keys() ?? [])].filter((id) => !inForce(id));
  for (const id of foreign)
    left.push({ what: `weights of competition ${id}`, reason: 'it is not judged here, or by a rule of another kind' });
  const standings = [...(weights ?? [])]
    .filter(([id]) => inForce(id))
    .flatMap(([id, byUid]) => standingOf(id, byUid, owners, here.rule, left));
  const registered = new Set<string>(here.snapshot.neurons.map(({ hotkey }) => hotkey));
  const present = (miners ?? []).filter(({ hotkey }) => registered.has(hotkey));
  if (miners && present.length < miners.length)
    left.push({ what: `${miners.length - present.length} hotkeys`, reason: 'they are no longer registered' });
  return {
    state: {
      standings: new Map(standings),
      claims: present.map((miner) => claimOf(miner, owners, uids, inForce)),
      history: present.flatMap((miner) => historyOf(miner, inForce)),
    },
    left: [...left, ...listsLeft(uids, owners, inForce)],
    assumed: assumptions(miners, weights, uids),
  };
}

/** Hotkeys by uid, as far as a number of the reference can be meant for them. */
function ownersOf(miners: readonly ReferenceMiner[] | null, neurons: readonly Neuron[]): Map<number, string> {
  const known = miners && new Set(miners.map(({ hotkey }) => hotkey));
  const newest = newestEvaluation(miners ?? []);
  const meant = neurons.filter(({ hotkey, registeredAt }) => (known?.has(hotkey) ?? true) && registeredAt <= newest);
  return new Map(meant.map(({ uid, hotkey }) => [uid, hotkey]));
}

/** Block of the newest result; no limit where there is none. */
function newestEvaluation(miners: readonly ReferenceMiner[]): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { results } of miners)
    for (const { block } of [...results.values()].flat()) newest = Math.max(newest, block);
  return newest === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : newest;
}

function standingOf(
  id: number,
  byUid: readonly number[],
  owners: ReadonlyMap<number, string>,
  rule: RuleRecord,
  left: LeftOut[],
): [number, Standing][] {
  const weights = byUid.map((weight, uid) => (owners.has(uid) ? weight : 0));
  const hotkeys = weights.map((weight, uid) => (weight > 0 ? (owners.get(uid) ?? '') : ''));
  for (const [uid, weight] of byUid.entries())
    if (weight > 0 && !owners.has(uid))
      left.push({
        what: `weight ${weight.toPrecision(3)} of uid ${uid} in competition ${id}`,
        reason: 'the uid has another hotkey now, or one that the tracker does not know',
      });
  return weights.some((weight) => weight > 0) ? [[id, { by: rule, state: { weights, hotkeys } }]] : [];
}

function claimOf(
  { hotkey, commitment, block }: ReferenceMiner,
  owners: ReadonlyMap<number, string>,
  uids: ReferenceState['uids'],
  inForce: (id: number) => boolean,
): ImportedState['claims'][number] {
  const own = (members: ReadonlySet<number>): boolean => [...members].some((uid) => owners.get(uid) === hotkey);
  const listing = (lists: ReadonlyMap<number, ReadonlySet<number>> | undefined): number[] =>
    [...(lists ?? [])].flatMap(([id, members]) => (inForce(id) && own(members) ? [id] : []));
  return { hotkey, commitment, block, kept: listing(uids?.kept), pending: listing(uids?.pending) };
}

const historyOf = (
  { hotkey, results }: ReferenceMiner,
  inForce: (id: number) => boolean,
): ImportedState['history'][number][] =>
  [...results].flatMap(([competition, own]) =>
    inForce(competition) && own.length > 0 ? [{ competition, hotkey, results: [...own] }] : [],
  );

function listsLeft(
  uids: ReferenceState['uids'],
  owners: ReadonlyMap<number, string>,
  inForce: (id: number) => boolean,
): LeftOut[] {
  return (['kept', 'pending'] as const).flatMap((list) =>
    [...(uids?.[list] ?? [])].flatMap(([id, members]) => {
      const reason = inForce(id) ? 'the tracker knows no such miner now' : 'the competition is not judged here';
      return [...members]
        .filter((uid) => !inForce(id) || !owners.has(uid))
        .map((uid) => ({ what: `uid ${uid}, ${list} in competition ${id}`, reason }));
    }),
  );
}

function assumptions(
  miners: ReferenceState['miners'],
  weights: ReferenceState['weights'],
  uids: ReferenceState['uids'],
): string[] {
  const named = weights ?? uids;
  return [
    ...(named && miners
      ? ['Weights and lists name uids: each is taken for the hotkey that has the uid now and that the tracker knows.']
      : []),
    ...(named && !miners
      ? ['There is no model_tracker.pickle: each uid is taken for the hotkey that has it now, which may be a new one.']
      : []),
    ...(uids && !miners ? ['Without the tracker no claim is known: kept and waiting uids are looked at as new.'] : []),
    ...(weights
      ? []
      : [
          'There is no competition_tracker.pickle: no standing is taken over. Weights follow from the rounds of this validator alone.',
        ]),
    ...(uids
      ? []
      : ['There is no uids.pickle: no model counts as kept, and the retry rule says which ones play again.']),
  ];
}
