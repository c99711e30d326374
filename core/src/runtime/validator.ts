import { createHash } from 'node:crypto';
import type { ChainSnapshot, Neuron } from '../contracts/chain-client.js';
import type { RunEvent } from '../contracts/reporter.js';
import { competitionsAt } from '../competition/schedule.js';
import { ClockWatch } from './clock-watch.js';
import { report, type RunOptions, type RuntimeDeps } from './context.js';
import { ClaimRetry } from './claim-retry.js';
import { EvaluationLoop } from './evaluation-loop.js';
import { runtimeErrors } from './errors.js';
import { lookAgainOnce } from './look-again-once.js';
import { takeAllIn } from './intake/take-in.js';
import { mendState } from './mend-state.js';
import { MetagraphSync } from './metagraph-sync.js';
import { ModelCheck } from './model-check.js';
import { ModelSync } from './model-sync.js';
import { warnOfShortRoom } from './room-check.js';
import { StoreCleaning } from './store-cleaning.js';
import { standingsAt } from './standings.js';
import { attempt, runLoops } from './supervise.js';
import { TopModelScan } from './top-model-scan.js';
import { untilAborted } from './until-aborted.js';
import { WeightSetting } from './weight-setting.js';

export interface ValidatorOptions extends RunOptions {
  version: string;
  dataDir: string;
  updatedModelsLimit: number;
}

/** How a run ended that was not ended by an error. */
interface RunOutcome {
  reason: 'rounds-done' | 'idle' | 'signal';
  /** Rounds that this run has recorded, void ones included. */
  recorded: number;
  /** Whether weights that were due at the end were set, or withheld as the options say. */
  weightsSettled: boolean;
}

/** The whole run: the start's checks, then the loops until a signal, an error or the end of the rounds. */
export class Validator {
  constructor(
    private readonly options: ValidatorOptions,
    private readonly deps: RuntimeDeps,
  ) {}

  async run(signal: AbortSignal): Promise<RunOutcome> {
    // A key may take a minute to decrypt, and a signer or a person at a terminal may not answer at all.
    const { hotkey } = await untilAborted(this.deps.chain.identity(), signal);
    const check = new ModelCheck(this.deps);
    const weights = new WeightSetting({ ...this.options, hotkey }, this.deps);
    const onSynced = async (snapshot: ChainSnapshot, inner: AbortSignal): Promise<void> => {
      await weights.look(snapshot, inner);
      // A round may take hours, and the chain forgets all but the newest claims of a hotkey meanwhile.
      await takeAllIn(this.deps, snapshot);
    };
    const metagraph = new MetagraphSync({ hotkey, offline: this.options.offline, onSynced }, this.deps);
    const { updatedModelsLimit } = this.options;
    const startUid = (): number => firstUid(hotkey, this.deps.view.current.neurons);
    const models = new ModelSync({ updatedModelsLimit, startUid }, this.deps, check);
    const retry = new ClaimRetry(this.deps, check);
    const isReady = (): boolean => models.hasLookedAtAll;
    const evaluation = new EvaluationLoop({ ...this.options, hotkey, isReady }, this.deps, check);
    const clockWatch = new ClockWatch(this.deps);
    let reason: RunOutcome['reason'] | 'error' = 'error';
    let weightsSettled = true;
    try {
      await this.#announce(hotkey, signal);
      await mendState(this.deps);
      clockWatch.checkStart();
      await metagraph.sync(signal);
      await lookAgainOnce(this.deps);
      await warnOfShortRoom(this.deps, signal);
      if (this.options.once) {
        await models.pass(signal);
        if (!models.hasLookedAtAll) await models.pass(signal);
        await retry.pass(signal);
        await evaluation.pass(signal);
        weightsSettled = await this.#setOnce(weights, signal, () => weights.trySet(signal));
      } else if (this.options.untilIdle) {
        weightsSettled = await this.#untilIdle({ metagraph, models, retry, evaluation, weights }, signal);
      } else {
        const loops = [
          metagraph,
          models,
          retry,
          new TopModelScan(this.deps, check),
          evaluation,
          weights,
          new StoreCleaning(this.deps),
          clockWatch,
        ];
        await runLoops(loops, evaluation, signal);
        if (!signal.aborted) weightsSettled = await weights.setIfDue(signal);
      }
      const atEnd = this.options.untilIdle ? 'idle' : 'rounds-done';
      reason = signal.aborted ? 'signal' : atEnd;
      return { reason, recorded: evaluation.recorded, weightsSettled };
    } catch (error) {
      if (!signal.aborted) throw error;
      reason = 'signal';
      return { reason, recorded: evaluation.recorded, weightsSettled };
    } finally {
      weights.warnOfReveals();
      report(this.deps, { event: 'run-stopped', reason, rounds: evaluation.recorded });
    }
  }

  async #announce(hotkey: string, signal: AbortSignal): Promise<void> {
    const { profile, chain, competitions, state } = this.deps;
    const { number: block } = await chain.head(signal);
    const inForce = competitionsAt(profile.schedule, block);
    report(this.deps, {
      event: 'run-started',
      version: this.options.version,
      netuid: profile.netuid,
      chain: chain.description,
      hotkey,
      dataDir: this.options.dataDir,
      competitions: inForce.map(({ id, share, name }) => ({
        id,
        share,
        name: competitions.at(id, block)?.competition.name ?? `${name ?? 'unknown'} (not judged here)`,
      })),
      mode: this.#mode(),
      recordedRounds: state.journal.head()?.number ?? 0,
      ...(profile.notes ? { notes: [...profile.notes] } : {}),
    });
    for (const { id, name } of inForce) {
      if (competitions.at(id, block)) continue;
      report(this.deps, {
        event: 'warning',
        error: runtimeErrors.COMPETITION_MISSING({ id, block, ...(name === undefined ? {} : { name }) }).toReport(),
      });
    }
  }

  /**
   * Rounds of whatever has changed, until nothing is left to look at or to judge.
   * @returns false when weights were due and are not set
   */
  async #untilIdle(
    loops: {
      metagraph: MetagraphSync;
      models: ModelSync;
      retry: ClaimRetry;
      evaluation: EvaluationLoop;
      weights: WeightSetting;
    },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { metagraph, models, retry, evaluation, weights } = loops;
    for (let goesOn = true; goesOn;) {
      await models.pass(signal);
      await retry.pass(signal);
      goesOn = await evaluation.passIfChanged(signal);
      await metagraph.sync(signal);
      if (goesOn && !weights.incomplete()) await weights.setIfDue(signal);
    }
    return this.#setOnce(weights, signal, () => weights.setIfDue(signal));
  }

  /**
   * Three tries: the chain may ask for some blocks between two settings.
   * @param trySet resolves to whether the chain holds what it has to
   * @returns false when weights were due and are not set, or when there is no standing to make any of
   */
  async #setOnce(weights: WeightSetting, signal: AbortSignal, trySet: () => Promise<boolean>): Promise<boolean> {
    await attempt(this.deps, weights.name, () => weights.follow(signal));
    const incomplete = weights.incomplete();
    if (incomplete) {
      report(this.deps, { event: 'weights-failed', error: incomplete.toReport(), retryInMs: null });
      return false;
    }
    if (standingsAt(this.deps, this.deps.view.current.at.number).size === 0) return false;
    for (let tries = 0; tries < 3; tries += 1) {
      if (await trySet()) return true;
      await this.deps.clock.sleep(this.deps.profile.cadences.weightsRetry, signal);
    }
    return false;
  }

  #mode(): Extract<RunEvent, { event: 'run-started' }>['mode'] {
    const { offline, dryRun, setWeights, readOnly = false } = this.options;
    return [
      ...(offline ? ['offline' as const] : []),
      ...(dryRun ? ['dry-run' as const] : []),
      ...(setWeights ? [] : ['no-weights' as const]),
      ...(readOnly ? ['read-only' as const] : []),
    ];
  }
}

/** Where the model-sync cycle of a validator begins: spread by hotkey, so that not all ask for the same repo at once. */
function firstUid(hotkey: string, neurons: readonly Neuron[]): number {
  const spread = createHash('sha256').update(hotkey).digest().readUInt32BE() / 2 ** 32;
  return neurons[Math.floor(spread * neurons.length)]?.uid ?? 0;
}
