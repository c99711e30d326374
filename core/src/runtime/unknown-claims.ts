import { claimTexts } from '../chain/claim-texts.js';
import type { Competition } from '../competition/competition.js';
import { competitionAt } from '../competition/schedule.js';
import type { ChainSnapshot, Neuron } from '../contracts/chain-client.js';
import type { AssayError } from '../errors/assay-error.js';
import { toAssayError } from '../errors/describe.js';
import { claimIn } from './claims.js';
import type { RuntimeDeps } from './context.js';
import { withDeadline } from './deadline.js';
import { runtimeErrors } from './errors.js';
import { saysNothing } from './round/blame.js';
import { judgedIds } from './competitions.js';
import { isAbort } from './supervise.js';
import type { UnknownClaim } from './tables.js';
import { put } from './derived-rows.js';

/** A claim in force about which this machine cannot say anything. */
export interface UnknownMiner {
  uid: number;
  hotkey: string;
  /** Why: code of the error. */
  code: string;
}

/** So many tries that failed while the machine was otherwise well, over so many blocks, and a claim holds up nobody. */
export const UNKNOWN_TRIES = 10;
export const UNKNOWN_BLOCKS = 300;
/** What a hotkey has used up of these is forgotten when its claims have been known for so many blocks: about a day. */
export const UNKNOWN_MEMORY_BLOCKS = 7200;

const PROBE_DEADLINE_MS = 30_000;
const PROBES = 3;

/**
 * Claims that could not be looked at or scored because of this machine. Until something is known of such a claim, it may
 * be the best one: rounds in which it plays are void. A hotkey holds up the others for a limited time only.
 */
export class UnknownClaims {
  constructor(private readonly deps: RuntimeDeps) {}

  /** Claims of a competition that are in force and due, and that hold up its rounds. */
  of(
    competition: Competition,
    { stage, snapshot, block }: { stage?: UnknownClaim['stage']; snapshot: ChainSnapshot; block: number },
  ): UnknownMiner[] {
    const judged = judgedIds(competition);
    const claims = claimTexts(snapshot, this.deps.scheme);
    return snapshot.neurons.flatMap(({ uid, hotkey }) => {
      const noted = this.deps.state.unknownClaim(hotkey);
      const claim = claims.get(hotkey);
      if (!noted || noted.stage === 'known' || noted.commitment !== claim?.data || noted.block !== claim.block)
        return [];
      // What was not there when it was looked at holds up no other miner.
      if (this.deps.state.missingClaim(hotkey)?.commitment === noted.commitment) return [];
      if ((stage !== undefined && noted.stage !== stage) || hasWaitedEnough(noted, block)) return [];
      const model = claimIn(this.deps, noted.commitment, block);
      if (!model || !judged.includes(model.competition)) return [];
      const scheduled = competitionAt(this.deps.profile.schedule, model.competition, block);
      return scheduled ? [{ uid, hotkey, code: noted.code }] : [];
    });
  }

  /** Whether this hotkey's claims have held up the others for as long as they may. */
  hasWaitedEnough(hotkey: string): boolean {
    const noted = this.deps.state.unknownClaim(hotkey);
    return noted !== undefined && hasWaitedEnough(noted, this.deps.view.current.at.number);
  }

  /** Rows that note a failure; `counts` says whether the machine was otherwise well. */
  noted(
    hotkey: string,
    claim: Pick<UnknownClaim, 'commitment' | 'block' | 'stage'>,
    error: Pick<AssayError, 'code'>,
    counts: boolean,
  ): ReturnType<typeof put.unknownClaim>[] {
    // A new commitment does not begin the time again: it would let a miner hold up the others without end.
    const { since, tries } = this.#usedUp(hotkey);
    return [put.unknownClaim(hotkey, { ...claim, code: error.code, since, tries: tries + (counts ? 1 : 0) })];
  }

  /** Rows that note that this hotkey's claim is known. What it has used up of its time stays noted for a while. */
  cleared(hotkey: string): ReturnType<typeof put.unknownClaim>[] {
    const noted = this.deps.state.unknownClaim(hotkey);
    const { number } = this.deps.view.current.at;
    if (!noted || (noted.stage === 'known' && !isForgotten(noted, number))) return [];
    if (noted.stage === 'known' || noted.tries === 0) return [put.unknownClaim(hotkey, undefined)];
    return [put.unknownClaim(hotkey, { ...noted, stage: 'known', knownAt: number })];
  }

  /** Tries, and the block since which claims of this hotkey would have been unknown without interruption. */
  #usedUp(hotkey: string): Pick<UnknownClaim, 'since' | 'tries'> {
    const noted = this.deps.state.unknownClaim(hotkey);
    const { number } = this.deps.view.current.at;
    if (!noted || isForgotten(noted, number)) return { since: number, tries: 0 };
    const { since, tries, knownAt } = noted;
    return { since: knownAt === undefined ? since : number - (knownAt - since), tries };
  }

  /** Whether a failed look at a claim is more likely the claim's doing than the machine's. */
  async countsAgainst(neuron: Pick<Neuron, 'hotkey'>, error: AssayError, signal: AbortSignal): Promise<boolean> {
    if (error.fault === 'config' || error.code === 'INTERNAL' || saysNothing(error)) return false;
    return error.fault !== 'network' || this.#sourceAnswersOthers(neuron.hotkey, signal);
  }

  /** Whether the source lists the repo of another miner at this moment. */
  async #sourceAnswersOthers(hotkey: string, signal: AbortSignal): Promise<boolean> {
    const others = this.deps.state
      .models()
      .flatMap((model) => (model.reference && model.hotkey !== hotkey ? [model.reference] : []));
    for (const reference of others.slice(0, PROBES)) {
      try {
        await withDeadline(
          PROBE_DEADLINE_MS,
          signal,
          () => runtimeErrors.DEADLINE({ what: 'Listing a repo', ms: PROBE_DEADLINE_MS }),
          (inner) => this.deps.store.list(reference, inner),
        );
        return true;
      } catch (error) {
        if (isAbort(error)) throw error;
        if (toAssayError(error).fault === 'miner') return true;
      }
    }
    return false;
  }
}

const hasWaitedEnough = ({ stage, since, tries }: UnknownClaim, block: number): boolean =>
  stage !== 'known' && tries >= UNKNOWN_TRIES && block - since >= UNKNOWN_BLOCKS;

const isForgotten = ({ knownAt }: UnknownClaim, block: number): boolean =>
  knownAt !== undefined && block - knownAt >= UNKNOWN_MEMORY_BLOCKS;
