import type { Denial } from '../config/denial.js';
import type { GivenHistory } from '../config/given-history.js';
import type { ChainClient } from '../contracts/chain-client.js';
import type { Clock } from '../contracts/clock.js';
import type { CommitmentScheme } from '../contracts/commitment-scheme.js';
import type { Evaluator, ModelInspector } from '../contracts/evaluator.js';
import type { Log } from '../contracts/logger.js';
import type { ModelStore } from '../contracts/model-store.js';
import type { EventSink, RunEvent } from '../contracts/reporter.js';
import type { SubnetProfile } from '../competition/profile.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { ModelAcquirer } from '../model/acquire.js';
import type { ChainView } from './chain-view.js';
import type { Competitions } from './competitions.js';
import type { ValidatorState } from './validator-state.js';

/** How this run differs from the everyday one. */
export interface RunOptions {
  /** No registration check, no weights, no remote reporters. */
  offline: boolean;
  /** Weights are shown, not set. */
  dryRun: boolean;
  setWeights: boolean;
  /** The chain client signs nothing: weights are shown, not set, and records are unsigned. */
  readOnly?: boolean;
  /** The operator says at the start that no other validator uses the hotkey. */
  iAmTheOnlyOne?: boolean;
  /** End after this many recorded rounds. */
  rounds?: number;
  /** Look at every model once, judge every scheduled competition once, set weights once, end. */
  once: boolean;
  /** Rounds of whatever has changed, then weights if they are due; end when nothing is left to look at or to judge. */
  untilIdle?: boolean;
}

/** What the operator decides for this validator and not for the subnet. */
export interface OperatorChoices {
  /** Who and what does not play here. */
  deny: readonly Denial[];
  /** By name of a competition: what is known of it before this validator has judged it. */
  history: Readonly<Record<string, GivenHistory>>;
}

/** What the loops share. Each loop is a class `(options, deps)`; these are the deps. */
export interface RuntimeDeps {
  profile: SubnetProfile;
  operator: OperatorChoices;
  /** Every installed rule. */
  rules: RuleBook;
  /** How miners name their models. */
  scheme: CommitmentScheme;
  chain: ChainClient;
  store: ModelStore;
  acquirer: ModelAcquirer;
  evaluator: Evaluator;
  inspector: ModelInspector;
  reporter: EventSink;
  clock: Clock;
  log: Log;
  state: ValidatorState;
  /** The newest snapshot, shared by all loops. */
  view: ChainView;
  competitions: Competitions;
  /** Folder for files of one round, on the disk of dataDir. */
  scratch: string;
}

export function report(deps: Pick<RuntimeDeps, 'reporter' | 'clock'>, event: RunEvent): void {
  deps.reporter.report(event, deps.clock.now());
}
