import type { ModelFacts, StoredModel, VerifiedModel } from '../../contracts/model.js';
import { AssayError } from '../../errors/assay-error.js';
import { toAssayError } from '../../errors/describe.js';
import { storeErrors } from '../../model/errors.js';
import { fileStates, filesIntact } from '../../model/files-intact.js';
import { tensorListOf } from '../../model/tensor-list.js';
import { readClaim } from '../claims.js';
import type { ScheduledCompetition } from '../competitions.js';
import { repoName } from '../../contracts/model.js';
import { report, type RuntimeDeps } from '../context.js';
import { runtimeErrors } from '../errors.js';
import type { ModelCheck } from '../model-check.js';
import { isAbort } from '../supervise.js';
import { put, type Put } from '../derived-rows.js';
import type { Contender } from './plan.js';

/** A stored model whose files had the verified content a moment ago. */
export interface IntactModel {
  stored: StoredModel;
  /** What the file system said of the files before they were hashed. */
  states: string;
}

/**
 * The stored models of one round. The files of each are hashed before it is scored, as a rule while the model before it
 * is computed; files that differ are fetched again, and nobody is blamed for them.
 */
export class IntactModels {
  readonly #held = new Map<Contender, Promise<IntactModel>>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
    private readonly entry: ScheduledCompetition,
  ) {}

  /** The model with every file verified. @throws STORED_MODEL_CHANGED, MODEL_NOT_STORED, errors of the store */
  async get(contender: Contender, signal: AbortSignal): Promise<IntactModel> {
    const before = await this.#held.get(contender)?.catch(() => undefined);
    if (before && (await fileStates(before.stored)) === before.states) return before;
    const verified = this.#verify(contender, signal);
    this.#held.set(contender, verified);
    return verified;
  }

  /** The model, hashed in the background: what is wrong with it shows when it is asked for. */
  async prepare(contender: Contender, signal: AbortSignal): Promise<IntactModel | undefined> {
    return this.get(contender, signal).catch(() => undefined);
  }

  /**
   * Whether the files are still those that were verified. After a success the file system's word is enough; a failure
   * is reason to hash them once more.
   */
  async unchanged(model: IntactModel, { failed }: { failed: boolean }, signal: AbortSignal): Promise<boolean> {
    if (!failed && (await fileStates(model.stored)) === model.states) return true;
    return filesIntact(model.stored, signal);
  }

  /** Has the files hashed again, and fetched where they differ, the next time they are asked for. */
  forget(contender: Contender): void {
    this.#held.delete(contender);
  }

  async #verify(contender: Contender, signal: AbortSignal): Promise<IntactModel> {
    const stored = await this.deps.store.stored(contender.model.reference);
    if (stored) {
      const states = await fileStates(stored);
      if (await filesIntact(stored, signal)) return { stored, states };
      await this.#tell(contender, stored);
    }
    return this.#fetchAgain(contender, signal);
  }

  /** Scores that rest on changed files say nothing about the model: the retry rule must not go by them. */
  async #tell({ neuron, model }: Contender, { directory }: StoredModel): Promise<void> {
    const error = storeErrors.STORED_MODEL_CHANGED({ repo: repoName(model.reference), directory });
    this.deps.log('error', 'stored files have changed and are fetched again', { uid: neuron.uid, directory });
    report(this.deps, { event: 'warning', error: error.toReport() });
    const { competitions, state } = this.deps;
    await state.write(...competitions.ids.map((id) => put.history(id, neuron.hotkey, undefined)));
  }

  /** The files, verified as they were when the model came in: a defender by its reference, others by their claims. */
  #acquire({ neuron, model, defends }: Contender, signal: AbortSignal): Promise<VerifiedModel> {
    if (defends) return this.check.defenders.fetch(this.entry, defends, signal);
    const claim = readClaim(this.deps, model.commitment, this.deps.view.current.at.number);
    return this.check.acquire(neuron, claim, signal);
  }

  /** Rows with other facts of a model, where it is still the one that plays. */
  #corrected({ neuron, model, defends }: Contender, facts: ModelFacts): Put[] {
    const { state } = this.deps;
    const defending = defends && state.defenderModel(defends.reference);
    if (defends) return defending ? [put.defenderModel(defends.reference, { ...defending, facts })] : [];
    const current = state.model(neuron.hotkey);
    const isSame = current?.commitment === model.commitment && current.block === model.block;
    return isSame ? [put.model({ ...current, facts })] : [];
  }

  async #fetchAgain(contender: Contender, signal: AbortSignal): Promise<IntactModel> {
    const { neuron, model } = contender;
    const repo = repoName(model.reference);
    try {
      const { facts, tensors, ...stored } = await this.#acquire(contender, signal);
      if (facts.evaluationDigest === model.facts.evaluationDigest) return { stored, states: await fileStates(stored) };
      // The facts on record are of files that had changed before they were read: the next round has the right ones.
      await this.deps.state.update(() => {
        const lists = tensors ? [put.tensors(facts.tensorsDigest, tensorListOf(tensors))] : [];
        return [...this.#corrected(contender, facts), ...lists];
      });
      throw storeErrors.STORED_MODEL_CHANGED({ repo, directory: stored.directory });
    } catch (error) {
      const known = toAssayError(error);
      const mayBeTheMiners = !contender.defends && this.check.unknowns.hasWaitedEnough(neuron.hotkey);
      if (isAbort(error) || known.fault !== 'miner' || mayBeTheMiners) throw error;
      // The model has passed every check before: what is missing now is what this machine has lost.
      throw runtimeErrors.MODEL_NOT_STORED({ repo, code: known.code }, new AssayError(known));
    }
  }
}
