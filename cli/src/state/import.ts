import { chosenCompetitions } from '@assay/core/composition/competitions';
import { buildContainer } from '@assay/core/composition/container';
import type { Container } from 'inversify';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { Surroundings } from '@assay/core/composition/surroundings';
import { competitionsAt } from '@assay/core/competition/schedule';
import { CHAIN_CLIENT, type ChainClient, type ChainSnapshot } from '@assay/core/contracts/chain-client';
import { ROUND_JOURNAL, type RoundJournal } from '@assay/core/contracts/round-journal';
import { rulesByBlock } from '@assay/core/rules/chosen';
import { withDeadline } from '@assay/core/runtime/deadline';
import { runtimeErrors } from '@assay/core/runtime/errors';
import { importState, requireNoRecords } from '@assay/core/runtime/import-state';
import { ValidatorState } from '@assay/core/runtime/validator-state';
import { z } from 'zod';
import { stateErrors } from './errors.js';
import { readReferenceState } from './reference-files.js';
import { takeOver, type LeftOut } from './take-over.js';

const DEADLINE_MS = 120_000;

/** What the reference computes its standings by: `temperature` and `alpha` of its constants. */
const REFERENCE_RULE = { rule: 'softmax-average', temperature: 0.01, alpha: 0.5 };

const averages = z.object({ weights: z.array(z.number()) });

export interface ImportReport {
  folder: string;
  dataDir: string;
  dryRun: boolean;
  block: number;
  competitions: {
    id: number;
    name: string;
    holders: number;
    weight: number;
    kept: number;
    waiting: number;
    results: number;
  }[];
  /** Claims of hotkeys that are registered now. */
  claims: number;
  left: LeftOut[];
  assumed: string[];
}

/**
 * Takes over the state of the reference validator from its folder.
 * @throws STATE_NOT_EMPTY, STATE_NOT_TAKEN, and what the files, the chain and the journal reject with
 */
export async function importReferenceState(
  surroundings: Surroundings,
  folder: string,
  dryRun: boolean,
): Promise<ImportReport> {
  const files = await readReferenceState(folder);
  const expired = () => runtimeErrors.DEADLINE({ what: 'Reading the chain', ms: DEADLINE_MS });
  return withDeadline(DEADLINE_MS, new AbortController().signal, expired, async (signal) => {
    const container = buildContainer(surroundings, signal);
    const snapshot = await (await container.getAsync<ChainClient>(CHAIN_CLIENT)).snapshot(signal);
    const names = judgedHere(surroundings, snapshot);
    const rule = surroundings.registry.rules.bind('standingRules', REFERENCE_RULE, 'the reference validator').record;
    const { state, left, assumed } = takeOver(files, { snapshot, competitions: new Set(names.keys()), rule });
    const { number: block } = snapshot.at;
    if (state.standings.size + state.history.length + state.claims.length === 0)
      throw stateErrors.STATE_NOT_TAKEN({ netuid: surroundings.profile.netuid, block });
    const target = await openState(container, dryRun);
    if (!dryRun && target) await importState(target, state);
    else if (target) requireNoRecords(target);
    const competitions = [...names].map(([id, name]) => ({ id, name, ...countsOf(id, state) }));
    const { dataDir } = surroundings;
    return { folder, dataDir, dryRun, block, competitions, claims: state.claims.length, left, assumed };
  });
}

/** A dry run makes no journal where there is none. */
export async function openState(container: Container, dryRun: boolean): Promise<ValidatorState | undefined> {
  try {
    return new ValidatorState(await container.getAsync<RoundJournal>(ROUND_JOURNAL));
  } catch (error) {
    if (dryRun && isAssayError(error) && error.code === 'JOURNAL_MISSING') return undefined;
    throw error;
  }
}

/** Competitions in force that are installed, and whose standing rule goes on from the reference's; their names by id. */
function judgedHere(surroundings: Surroundings, { at: { number: block } }: ChainSnapshot): Map<number, string> {
  const { registry, profile } = surroundings;
  const chosen = chosenCompetitions(surroundings, block);
  const found = competitionsAt(profile.schedule, block).flatMap((scheduled) => {
    const competition = chosen.get(scheduled);
    if (!competition) return [];
    const { record, rule } = rulesByBlock(registry.rules, profile, competition)(block).standing;
    const goesOn = record.rule === REFERENCE_RULE.rule || rule.continues?.includes(REFERENCE_RULE.rule) === true;
    return goesOn ? [[competition.id, competition.name] as const] : [];
  });
  return new Map(found);
}

function countsOf(
  id: number,
  { standings, claims, history }: ReturnType<typeof takeOver>['state'],
): Pick<ImportReport['competitions'][number], 'holders' | 'weight' | 'kept' | 'waiting' | 'results'> {
  const held = weightsOf(standings.get(id)?.state);
  return {
    holders: held.length,
    weight: held.reduce((sum, weight) => sum + weight, 0),
    kept: claims.filter(({ kept }) => kept.includes(id)).length,
    waiting: claims.filter(({ pending }) => pending.includes(id)).length,
    results: history.filter(({ competition }) => competition === id).length,
  };
}

/** Weights above 0 of a standing that is an average. */
const weightsOf = (state: unknown): number[] =>
  (averages.safeParse(state).data?.weights ?? []).filter((weight) => weight > 0);
