import type { Container } from 'inversify';
import { CHAIN_CLIENT, type ChainClient } from '../contracts/chain-client.js';
import { EVALUATOR, MODEL_INSPECTOR, type Evaluator, type ModelInspector } from '../contracts/evaluator.js';
import { MODEL_STORE, type ModelStore } from '../contracts/model-store.js';
import { RECORD_TYPES, ROUND_JOURNAL, type RoundJournal } from '../contracts/round-journal.js';
import type { SubnetProfile } from '../competition/profile.js';
import type { Config } from '../config/schema.js';
import { scratchFolderIn } from '../evaluation/scratch.js';
import { ModelAcquirer } from '../model/acquire.js';
import { ChainView } from '../runtime/chain-view.js';
import { runtimeErrors } from '../runtime/errors.js';
import { netuidOf } from '../runtime/round/entry.js';
import { Validator, type ValidatorOptions } from '../runtime/validator.js';
import { ValidatorState } from '../runtime/validator-state.js';
import { buildCompetitions } from './competitions.js';
import type { Surroundings } from './surroundings.js';

/** The profile as this validator runs it: the config's overrides applied. */
export function effectiveProfile(profile: SubnetProfile, config: Config): SubnetProfile {
  return {
    ...profile,
    netuid: config.netuid ?? profile.netuid,
    sampleMin: config.sampleMin ?? profile.sampleMin,
    updatedModelsLimit: config.updatedModelsLimit ?? profile.updatedModelsLimit,
    cadences: { ...profile.cadences, ...config.cadences },
  };
}

/** Averages of another subnet would become weights on this one. @throws JOURNAL_OF_ANOTHER_SUBNET */
function requireSameSubnet(journal: RoundJournal, { profile: { netuid }, dataDir }: Surroundings): void {
  const head = RECORD_TYPES.map((type) => journal.head(type)).find((record) => record !== undefined);
  if (!head) return;
  const recorded = netuidOf(head.entry);
  if (recorded !== undefined && recorded !== netuid)
    throw runtimeErrors.JOURNAL_OF_ANOTHER_SUBNET({ recorded, netuid, dataDir });
}

/** Everything behind `validator run`. The journal comes first: its lock keeps a second validator out. */
export async function composeValidator(
  container: Container,
  surroundings: Surroundings,
  options: ValidatorOptions,
  signal: AbortSignal,
): Promise<Validator> {
  const journal = await container.getAsync<RoundJournal>(ROUND_JOURNAL);
  requireSameSubnet(journal, surroundings);
  const chain = await container.getAsync<ChainClient>(CHAIN_CLIENT);
  const store = await container.getAsync<ModelStore>(MODEL_STORE);
  const inspector = await container.getAsync<ModelInspector>(MODEL_INSPECTOR);
  const evaluator = await container.getAsync<Evaluator>(EVALUATOR);
  const { number: block } = await chain.head(signal);
  const competitions = await buildCompetitions(container, surroundings, block, signal);
  const { clock, log, reporter, profile } = surroundings;
  const scheme = surroundings.registry.rules.bind('commitmentSchemes', profile.commitment).rule;
  const deps = {
    profile,
    operator: { deny: surroundings.config.deny, history: surroundings.config.history },
    rules: surroundings.registry.rules,
    chain,
    store,
    scheme,
    acquirer: new ModelAcquirer({}, { store, inspector, scheme }),
    evaluator,
    inspector,
    reporter,
    clock,
    log,
    state: new ValidatorState(journal),
    view: new ChainView({ deadlineMs: profile.cadences.metagraphDeadline }, { chain }),
    competitions,
    scratch: scratchFolderIn(surroundings.dataDir),
  };
  return new Validator(options, deps);
}
