import { createHash } from 'node:crypto';
import { canonicalJson } from '../../journal/canonical-json.js';
import type { BlockReference, ChainSnapshot, Neuron } from '../../contracts/chain-client.js';
import { asBlockNumber } from '../../contracts/brands.js';
import { competitionsAt } from '../../competition/schedule.js';
import type { Defender } from '../../contracts/standing-rule.js';
import { withDefenders } from '../../judging/defenders.js';
import { recordOf, type ChosenRules } from '../../rules/chosen.js';
import { readStanding } from '../../rules/read-standing.js';
import type { RuntimeDeps } from '../context.js';
import { defendersOf } from '../defenders.js';
import { runtimeErrors } from '../errors.js';
import { isAbort } from '../supervise.js';
import type { ScheduledCompetition } from '../competitions.js';
import { standingOf } from '../standings.js';
import { asJson } from '../derived-rows.js';
import type { TrackedModel } from '../tables.js';
import type { UnknownMiner } from '../unknown-claims.js';

/** A verified model that is about to be judged, and whose it is. */
export interface Contender {
  /** The uid is NO_UID or below where the hotkey is not registered. */
  neuron: Pick<Neuron, 'uid' | 'hotkey' | 'coldkey'>;
  /** Present where it defends its place, whatever its owner claims now. */
  defends?: Defender;
  model: TrackedModel & {
    facts: NonNullable<TrackedModel['facts']>;
    reference: NonNullable<TrackedModel['reference']>;
  };
}

/** Everything that is fixed before the first sample is drawn. */
export interface RoundPlan {
  entry: ScheduledCompetition;
  /** In force at the round's block; the round ends by them, whatever comes into force meanwhile. */
  rules: ChosenRules;
  /** Shares of every competition in force, those that can't be judged here included. */
  schedule: readonly { id: number; share: number }[];
  /** "Now" of epsilon and schedule for the whole round. */
  now: BlockReference;
  syncBlock: number;
  seed: bigint;
  /** Which round in a row this is for its contenders, from 1. */
  repetition: number;
  snapshot: ChainSnapshot;
  contenders: Contender[];
  /** Claims in force that could not be looked at because of this machine: while there are any, nothing is decided. */
  unknown: readonly UnknownMiner[];
  /** Equal for two rounds that could not differ but by the standing before them. */
  fingerprint: string;
}

/** Contenders of one competition in the order of their commitments; those without a verified model are left out. */
export function contendersOf(deps: Pick<RuntimeDeps, 'state' | 'view'>, competition: number): Contender[] {
  const { pending, kept } = deps.state.contenders(competition);
  const found = [...new Set([...kept, ...pending])].flatMap((hotkey): Contender[] => {
    const neuron = deps.view.neuronOf(hotkey);
    const model = deps.state.model(hotkey);
    if (!neuron || !model?.facts || !model.reference) return [];
    return [{ neuron, model: { ...model, facts: model.facts, reference: model.reference } }];
  });
  return inOrder(found);
}

/** Contenders in the order of a round: of their blocks, then their uids. */
export const inOrder = (contenders: readonly Contender[]): Contender[] =>
  [...contenders].sort((a, b) => a.model.block - b.model.block || a.neuron.uid - b.neuron.uid);

/** Hotkeys of the defenders of a competition, then those that hold weight, the first of them first. */
export function incumbentsOf(
  deps: Pick<RuntimeDeps, 'state' | 'view' | 'rules'>,
  entry: Pick<ScheduledCompetition, 'competition' | 'rulesAt'>,
  block: number,
): readonly string[] {
  const standing = standingOf(deps, entry, block);
  const incumbents = standing ? readStanding(deps.rules, standing, deps.view.current.neurons).incumbents : [];
  return withDefenders(incumbents, defendersOf(deps, entry, block));
}

export async function planRound(
  deps: RuntimeDeps,
  entry: ScheduledCompetition,
  { contenders, repetition, unknown }: Pick<RoundPlan, 'contenders' | 'repetition' | 'unknown'>,
  now: BlockReference,
  signal: AbortSignal,
): Promise<RoundPlan> {
  const rules = entry.rulesAt(now.number);
  const seeded = {
    block: now.number,
    contenders: contenders.map(({ neuron: { hotkey }, model: { block } }) => ({ hotkey, block })),
    incumbents: incumbentsOf(deps, entry, now.number),
    repetition,
  };
  const syncBlock = rules.seed.rule.blockOf(seeded);
  const seed = rules.seed.rule.seedOf(await hashOf(deps, syncBlock, signal), seeded);
  const models = contenders.map(({ neuron: { uid, hotkey }, model: { block, facts } }) => ({
    uid,
    hotkey,
    block,
    evaluationDigest: facts.evaluationDigest,
  }));
  const judgedBy = [entry.competition, { ...recordOf(rules), keepThreshold: deps.profile.keepThreshold }];
  const fingerprint = fingerprintOf(judgedBy, syncBlock, seed, models, unknown);
  return {
    entry,
    rules,
    schedule: competitionsAt(deps.profile.schedule, now.number),
    now,
    syncBlock,
    seed,
    repetition,
    snapshot: deps.view.current,
    contenders,
    unknown,
    fingerprint,
  };
}

/**
 * Equal for two rounds that could not differ but by the standing before them.
 * @param judgedBy the competition and its rules, as recorded
 */
export function fingerprintOf(
  judgedBy: readonly unknown[],
  syncBlock: number,
  seed: bigint,
  models: readonly { uid: number; hotkey: string; block: number; evaluationDigest: string }[],
  unknown: readonly unknown[],
): string {
  const listed = models.map(({ uid, hotkey, block, evaluationDigest }) => [uid, hotkey, block, evaluationDigest]);
  return createHash('sha256')
    .update(canonicalJson(asJson([...judgedBy, syncBlock, seed, listed, ...unknown])))
    .digest('hex');
}

async function hashOf(deps: RuntimeDeps, syncBlock: number, signal: AbortSignal): Promise<string> {
  try {
    return await deps.chain.blockHash(asBlockNumber(syncBlock), signal);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw runtimeErrors.SEED_UNAVAILABLE({ syncBlock }, error);
  }
}
