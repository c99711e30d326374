import type { EntryContext } from '../contracts/entry-check.js';
import { isSameReference, repoName, type ModelReference } from '../contracts/model.js';
import { NO_UID, type Defender } from '../contracts/standing-rule.js';
import { toAssayError } from '../errors/describe.js';
import { defendersBefore } from '../judging/defenders.js';
import { parseJsonObject } from '../model/json-object.js';
import { tensorListOf } from '../model/tensor-list.js';
import type { ScheduledCompetition } from './competitions.js';
import { report, type RuntimeDeps } from './context.js';
import { withDeadline } from './deadline.js';
import { runtimeErrors } from './errors.js';
import { isAbort } from './supervise.js';
import type { DefenderModel } from './tables.js';
import { put, type Put } from './derived-rows.js';

type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;
type DefenderDeps = Pick<RuntimeDeps, 'state' | 'competitions'>;

/** After so long a model is looked for again from the start of the next turn; what has come of it is kept. */
const TURN_MS = 30 * 60_000;

/** Models that play every round of a competition, by its standing at a block. @throws STATE_UNREADABLE */
export const defendersOf = (
  { state }: Pick<RuntimeDeps, 'state'>,
  { competition: { id }, rulesAt }: Entry,
  block: number,
): readonly Defender[] => defendersBefore(rulesAt(block).standing, state.standing(id) ?? null);

/** The defenders of all competitions in force. */
export const allDefenders = (deps: DefenderDeps, block: number): readonly Defender[] =>
  deps.competitions.inForce(block).flatMap((entry) => defendersOf(deps, entry, block));

/** Rows that forget models which defend nothing any more. */
function defendersGone(deps: DefenderDeps, block: number): Put[] {
  const held = allDefenders(deps, block);
  return deps.state
    .defenderModels()
    .filter(({ reference }) => !held.some((one) => isSameReference(one.reference, reference)))
    .map(({ reference }) => put.defenderModel(reference, undefined));
}

/** Models that defend their places: fetched and inspected here without entry checks, and remembered while they defend. */
export class Defenders {
  readonly #underWay = new Map<string, Promise<DefenderModel>>();

  constructor(private readonly deps: RuntimeDeps) {}

  /** The `defender` of an entry check's context; undefined where the competition has none. @throws DEFENDER_UNAVAILABLE */
  async forEntry(entry: Entry, block: number, signal: AbortSignal): Promise<Pick<EntryContext, 'defender'>> {
    const [first] = defendersOf(this.deps, entry, block);
    if (!first) return {};
    const { reference, config } = await this.model(entry, first, signal);
    return { defender: { reference, config: parseJsonObject(Buffer.from(config)) } };
  }

  /** The verified model of a defender; fetched where it is not known here. @throws DEFENDER_UNAVAILABLE */
  async model(entry: Entry, defender: Defender, signal: AbortSignal): Promise<DefenderModel> {
    const { reference } = defender;
    const known = this.deps.state.defenderModel(reference);
    if (known) return known;
    const key = `${repoName(reference)}@${reference.revision}`;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const begun = this.#acquire(entry, defender, signal).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, begun);
    return begun;
  }

  /** The files of a defender, verified again. @throws DEFENDER_UNAVAILABLE */
  async fetch(
    entry: Entry,
    defender: Defender,
    signal: AbortSignal,
  ): ReturnType<RuntimeDeps['acquirer']['acquireReference']> {
    const { hotkey, reference } = defender;
    const { store, acquirer, view } = this.deps;
    const lease = await store.lease(reference);
    try {
      return await withDeadline(
        TURN_MS,
        signal,
        () => runtimeErrors.DEADLINE({ what: `Fetching ${repoName(reference)}`, ms: TURN_MS }),
        (inner) =>
          acquirer.acquireReference(
            reference,
            (progress) => {
              const uid = view.neuronOf(hotkey)?.uid ?? NO_UID;
              report(this.deps, { event: 'download-progress', uid, hotkey, repo: repoName(reference), ...progress });
            },
            inner,
          ),
      );
    } catch (error) {
      if (isAbort(error)) throw error;
      throw this.#unavailable(entry, reference, error);
    } finally {
      await lease.release();
    }
  }

  async #acquire(entry: Entry, defender: Defender, signal: AbortSignal): Promise<DefenderModel> {
    const { reference, facts, tensors, config } = await this.fetch(entry, defender, signal);
    const row = { reference, facts, config };
    const lists = tensors ? [put.tensors(facts.tensorsDigest, tensorListOf(tensors))] : [];
    const gone = (): Put[] => defendersGone(this.deps, this.deps.view.current.at.number);
    await this.deps.state.update(() => [...gone(), put.defenderModel(reference, row), ...lists]);
    return row;
  }

  #unavailable({ competition }: Entry, reference: ModelReference, error: unknown): Error {
    const { code, message } = toAssayError(error);
    return runtimeErrors.DEFENDER_UNAVAILABLE(
      { competition: competition.name, repo: repoName(reference), code, reason: message },
      error,
    );
  }
}
