import type { Commitment, Neuron } from '../contracts/chain-client.js';
import { repoName, type VerifiedModel } from '../contracts/model.js';
import type { AssayError } from '../errors/assay-error.js';
import { toAssayError } from '../errors/describe.js';
import { competitionAt } from '../competition/schedule.js';
import { tensorListOf } from '../model/tensor-list.js';
import { claimIn, readClaim, type PlacedClaim } from './claims.js';
import { acquireClaim } from './acquire-claim.js';
import { accepted, claimRecord, refused } from './claim-record.js';
import { report, type RuntimeDeps } from './context.js';
import { Defenders } from './defenders.js';
import { runtimeErrors } from './errors.js';
import { judgedIds } from './competitions.js';
import { denialOf } from './denials.js';
import { claimThatCounts } from './intake/claim-that-counts.js';
import { importedFor } from './imported-claims.js';
import { awaitedModels } from './store-cleaning.js';
import { isAbort } from './supervise.js';
import type { TrackedModel } from './tables.js';
import { UnknownClaims } from './unknown-claims.js';
import { put } from './derived-rows.js';

const repoOf = (model: PlacedClaim | null): string => (model ? repoName(model.reference) : '');

/** Failures of a look that say nothing about the claim: a competition is missing here, or the model that reigns in it. */
const OF_ALL_CLAIMS = new Set(['COMPETITION_MISSING', 'DEFENDER_UNAVAILABLE']);

/** A look at what a miner has committed. */
interface Look {
  neuron: Neuron;
  commitment: Commitment;
  /** At which it is looked at. */
  block: number;
  /** Null when the commitment can't be read. */
  model: PlacedClaim | null;
}

/**
 * One miner's way in, from commitment to the list of contenders. A refusal is remembered with its reason until the
 * commitment changes, so that nothing is downloaded twice to be refused twice.
 */
export class ModelCheck {
  readonly unknowns: UnknownClaims;
  readonly defenders: Defenders;

  constructor(private readonly deps: RuntimeDeps) {
    this.unknowns = new UnknownClaims(deps);
    this.defenders = new Defenders(deps);
  }

  /**
   * @param force put it up for judgement even if nothing has changed (the top-model scan)
   */
  async check(neuron: Neuron, block: number, force: boolean, signal: AbortSignal): Promise<void> {
    const commitment = claimThatCounts(this.deps, neuron, block);
    if (!commitment) return;
    const known = this.deps.state.model(neuron.hotkey);
    const isKnown = known?.commitment === commitment.data && known.block === commitment.block;
    const denial = this.#denialOf(neuron, commitment, block);
    if (denial) {
      if (!isKnown || known.error?.code !== denial.code)
        await this.#refuse(
          { neuron, commitment, block, model: claimIn(this.deps, commitment.data, block) ?? null },
          denial,
        );
      return;
    }
    if (isKnown && known.error?.code !== 'DENIED') {
      if (known.facts) await this.#considerAgain(known, block, force);
      return;
    }
    if (!force && this.#isJudgedElsewhere(neuron.hotkey, commitment, block)) return;
    await this.#checkNew(neuron, commitment, block, signal);
  }

  #denialOf({ hotkey, coldkey }: Neuron, { data }: Commitment, block: number): AssayError | undefined {
    const reference = claimIn(this.deps, data, block)?.reference;
    return denialOf(this.deps.operator, { hotkey, coldkey, ...(reference ? { reference } : {}) });
  }

  /** Whether an imported state has judged the model, and it would neither be kept nor come again. */
  #isJudgedElsewhere(hotkey: string, commitment: Commitment, block: number): boolean {
    const imported = importedFor(this.deps, hotkey, commitment);
    const model = imported && claimIn(this.deps, commitment.data, block);
    if (!imported || !model || imported.kept.length + imported.pending.length > 0) return false;
    return this.#toJudgeAgain(hotkey, this.#judging(model.competition), block).length === 0;
  }

  async #checkNew(neuron: Neuron, commitment: Commitment, block: number, signal: AbortSignal): Promise<void> {
    const { profile } = this.deps;
    let model: PlacedClaim | null = null;
    try {
      model = readClaim(this.deps, commitment.data, block);
      this.#requireScheduled(model.competition, commitment.block, block);
      if (block - commitment.block < profile.evaluationDelay) {
        this.#tell(neuron, commitment, model, 'resting');
        return;
      }
      const verified = await this.acquire(neuron, model, signal);
      await this.#accept({ neuron, commitment, block, model }, verified);
    } catch (error) {
      if (isAbort(error)) throw error;
      await this.#fail({ neuron, commitment, block, model }, toAssayError(error), signal);
    }
  }

  /** Fetches and verifies under the limits of the competition that the miner committed to. */
  async acquire(
    neuron: Pick<Neuron, 'uid' | 'hotkey' | 'coldkey'>,
    model: PlacedClaim,
    signal: AbortSignal,
  ): Promise<VerifiedModel> {
    const isHurried = this.unknowns.hasWaitedEnough(neuron.hotkey);
    return acquireClaim(this.deps, this.defenders, neuron, model, { isHurried, signal });
  }

  #requireScheduled(id: number, committedAt: number, now: number): void {
    for (const block of [committedAt, now]) {
      if (!competitionAt(this.deps.profile.schedule, id, block)) {
        throw runtimeErrors.COMPETITION_NOT_SCHEDULED({ id, block });
      }
    }
  }

  async #accept(look: Look & { model: PlacedClaim }, verified: VerifiedModel): Promise<void> {
    const { state } = this.deps;
    const { neuron, commitment, model } = look;
    const { reference, facts } = verified;
    const tracked: TrackedModel = {
      hotkey: neuron.hotkey,
      commitment: commitment.data,
      block: commitment.block,
      competition: model.competition,
      reference,
      facts,
      error: null,
    };
    const judging = this.#judging(model.competition);
    const imported = importedFor(this.deps, neuron.hotkey, commitment);
    const append = await claimRecord(this.deps, { ...look, competition: model.competition }, accepted(verified));
    await state.change(() => ({
      append,
      put: [
        put.model(tracked),
        ...(verified.tensors ? [put.tensors(facts.tensorsDigest, tensorListOf(verified.tensors))] : []),
        ...this.unknowns.cleared(neuron.hotkey),
        ...this.#found(neuron.hotkey),
        ...(imported ? [] : judging.map((id) => put.history(id, neuron.hotkey, undefined))),
        ...this.#pendingRows(neuron.hotkey, judging, imported?.kept),
        put.importedClaim(neuron.hotkey, undefined),
        // The miner may have moved here from a competition that knew its last model.
        ...state.contendersWithout(this.#others(judging), (hotkey) => hotkey === neuron.hotkey),
      ],
    }));
    await this.deps.store.keep(awaitedModels(this.deps));
    this.#tell(neuron, commitment, model, 'verified', { tracked });
  }

  async #fail(look: Look, error: AssayError, signal: AbortSignal): Promise<void> {
    const { neuron, commitment, model } = look;
    if (error.fault !== 'miner' || (error.retry === 'grace' && (await this.#hasGrace(look, error)))) {
      if (error.fault !== 'miner') await this.#postpone(neuron, commitment, error, signal);
      this.#tell(neuron, commitment, model, 'postponed', { error });
      return;
    }
    await this.#refuse(look, error);
  }

  async #refuse(look: Look, error: AssayError): Promise<void> {
    const { state } = this.deps;
    const { neuron, commitment, model } = look;
    const competition = model?.competition ?? null;
    const append = await claimRecord(this.deps, { ...look, competition }, refused(error));
    await state.change(() => ({
      append,
      put: [
        put.model({
          hotkey: neuron.hotkey,
          commitment: commitment.data,
          block: commitment.block,
          competition,
          reference: null,
          facts: null,
          error: error.toReport(),
        }),
        ...this.unknowns.cleared(neuron.hotkey),
        ...this.#found(neuron.hotkey),
        // Contenders are named by hotkey: without this the refused model's predecessor would stay on the lists.
        ...state.contendersWithout(this.deps.competitions.ids, (hotkey) => hotkey === neuron.hotkey),
      ],
    }));
    this.#tell(neuron, commitment, model, 'rejected', { error });
  }

  /** Whether what is missing may still come: `missingGrace` blocks from the first look that missed it, which is noted. */
  async #hasGrace({ neuron: { hotkey }, commitment, block }: Look, { code }: AssayError): Promise<boolean> {
    const { state, profile } = this.deps;
    const { data, block: committedAt } = commitment;
    const noted = state.missingClaim(hotkey);
    const isSame = noted?.commitment === data && noted.block === committedAt;
    const since = isSame ? noted.since : block;
    if (block - since >= profile.missingGrace) return false;
    await state.write(put.missingClaim(hotkey, { commitment: data, block: committedAt, code, since }));
    return true;
  }

  /** Rows that note that nothing is missing any more, or is waited for. */
  #found(hotkey: string): ReturnType<typeof put.missingClaim>[] {
    return this.deps.state.missingClaim(hotkey) ? [put.missingClaim(hotkey, undefined)] : [];
  }

  /** Notes that nothing is known of this claim, unless the cause is one for everybody's claims. */
  async #postpone(neuron: Neuron, commitment: Commitment, error: AssayError, signal: AbortSignal): Promise<void> {
    if (OF_ALL_CLAIMS.has(error.code)) return;
    const counts = await this.unknowns.countsAgainst(neuron, error, signal);
    const claim = { commitment: commitment.data, block: commitment.block, stage: 'look' as const };
    await this.deps.state.update(() => this.unknowns.noted(neuron.hotkey, claim, error, counts));
  }

  /** A known good model comes back when the retry rule says so, or when it is forced. */
  async #considerAgain(known: TrackedModel, block: number, force: boolean): Promise<void> {
    if (known.competition === null) return;
    // The entrants rule of a queue decides the order, and no model plays twice.
    const judging = this.#judging(known.competition).filter((id) => !this.#hasQueue(id, block));
    const again = force ? judging : this.#toJudgeAgain(known.hotkey, judging, block);
    if (this.#pendingRows(known.hotkey, again).length > 0)
      await this.deps.state.update(() => this.#pendingRows(known.hotkey, again));
  }

  /** Those of the competitions in which the retry rule brings the model back. */
  #toJudgeAgain(hotkey: string, competitions: readonly number[], block: number): number[] {
    return competitions.filter((id) => {
      const runtime = this.deps.competitions.at(id, block);
      if (!runtime) return false;
      const { entrants, epsilon } = runtime.rulesAt(block);
      return entrants.rule.again(this.deps.state.history(id, hotkey), epsilon.rule, block);
    });
  }

  #hasQueue(competition: number, block: number): boolean {
    return this.deps.competitions.at(competition, block)?.rulesAt(block).entrants.rule.intake !== undefined;
  }

  #judging(competition: number): number[] {
    const inForce = this.deps.competitions.inForce(this.deps.view.current.at.number);
    return inForce
      .filter((entry) => judgedIds(entry.competition).includes(competition))
      .map((entry) => entry.competition.id);
  }

  #others(judging: readonly number[]): number[] {
    return this.deps.competitions.ids.filter((id) => !judging.includes(id));
  }

  /** @param keptIn competitions in which the model belongs to the kept ones instead */
  #pendingRows(
    hotkey: string,
    competitions: readonly number[],
    keptIn: readonly number[] = [],
  ): ReturnType<typeof put.contenders>[] {
    return competitions.flatMap((id) => {
      const { pending, kept } = this.deps.state.contenders(id);
      if (pending.includes(hotkey) || kept.includes(hotkey)) return [];
      const isKept = keptIn.includes(id);
      return [
        put.contenders(id, isKept ? { pending, kept: [...kept, hotkey] } : { pending: [...pending, hotkey], kept }),
      ];
    });
  }

  #tell(
    neuron: Neuron,
    commitment: Commitment,
    model: PlacedClaim | null,
    status: 'verified' | 'rejected' | 'resting' | 'postponed',
    details: { tracked?: TrackedModel; error?: AssayError } = {},
  ): void {
    report(this.deps, {
      event: 'model-checked',
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      block: commitment.block,
      repo: repoOf(model),
      competition: model?.competition ?? null,
      status,
      architecture: details.tracked?.facts?.architecture ?? null,
      parameterCount: details.tracked?.facts?.parameterCount ?? null,
      error: details.error?.toReport() ?? null,
    });
  }
}
