import type { z } from 'zod';
import type { ModelReference } from '../contracts/model.js';
import type { RuleState } from '../contracts/rule.js';
import type { JournalChange, JournalRecord, RoundJournal } from '../contracts/round-journal.js';
import type { TensorList } from '../model/tensor-list.js';
import { put, referenceKey, type Put } from './derived-rows.js';
import { OneAtATime } from './one-at-a-time.js';
import * as tables from './tables.js';

/**
 * The typed face of the journal's derived tables. Reads go to the journal each time: there is no second copy that a
 * crash or another writer could leave behind.
 */
export class ValidatorState {
  /** Held while a claim is taken in or a round is judged and recorded, so that neither writes over what the other has written. */
  readonly entrantsLock = new OneAtATime();
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly journal: RoundJournal) {}

  model(hotkey: string): tables.TrackedModel | undefined {
    return this.#get('models', hotkey, tables.trackedModel);
  }

  models(): tables.TrackedModel[] {
    return this.journal.entries('models').map(({ value }) => tables.trackedModel.parse(value));
  }

  /** The tensors of a verified model; undefined where its inspection did not list them. */
  tensors(tensorsDigest: string): TensorList | undefined {
    return this.#get('tensors', tensorsDigest, tables.tensorList);
  }

  /** A model that defends its place, where it was verified here. */
  defenderModel(reference: ModelReference): tables.DefenderModel | undefined {
    return this.#get('defenders', referenceKey(reference), tables.defenderModel);
  }

  defenderModels(): tables.DefenderModel[] {
    return this.journal.entries('defenders').map(({ value }) => tables.defenderModel.parse(value));
  }

  /** Rows that drop the lists of tensors of models that neither a tracked claim nor a defender refers to. */
  tensorsWithout(isGone: (hotkey: string) => boolean): Put[] {
    const models = [...this.models().filter(({ hotkey }) => !isGone(hotkey)), ...this.defenderModels()];
    const held = new Set(models.flatMap(({ facts }) => facts?.tensorsDigest ?? []));
    const keys = this.journal.entries('tensors').map(({ key }) => key);
    return keys.filter((key) => !held.has(key)).map((key) => put.tensors(key, undefined));
  }

  contenders(competition: number): tables.Contenders {
    return this.#get('contenders', String(competition), tables.contenders) ?? { pending: [], kept: [] };
  }

  hasContenders(competition: number): boolean {
    return this.#get('contenders', String(competition), tables.contenders) !== undefined;
  }

  standing(competition: number): tables.Standing | undefined {
    return this.#get('standings', String(competition), tables.standing);
  }

  /** What the entrants rule of a competition has kept in mind. */
  entrants(competition: number): RuleState | undefined {
    return this.#get('entrants', String(competition), tables.entrants);
  }

  /** Competitions whose entrants rule has kept something in mind. */
  entrantsIds(): number[] {
    return this.journal.entries('entrants').map(({ key }) => Number(key));
  }

  standings(): Map<number, tables.Standing> {
    return new Map(
      this.journal.entries('standings').map(({ key, value }) => [Number(key), tables.standing.parse(value)]),
    );
  }

  history(competition: number, hotkey: string): tables.History {
    return this.#get('history', `${competition}/${hotkey}`, tables.history) ?? [];
  }

  /** Of whom there are results, in which competition. */
  histories(): { competition: number; hotkey: string }[] {
    return this.journal.entries('history').map(({ key }) => {
      const [competition = '', hotkey = ''] = key.split('/');
      return { competition: Number(competition), hotkey };
    });
  }

  /** Whether every refusal and result here was made from files that were hashed before. */
  resultsAreVerified(): boolean {
    return this.journal.get('marks', 'verified-files') === true;
  }

  lastRound(competition: number): tables.LastRound | undefined {
    return this.#get('last-rounds', String(competition), tables.lastRound);
  }

  weightsIntent(): tables.WeightsIntent | undefined {
    return this.#get('weights', 'intent', tables.weightsIntent);
  }

  weightsSet(): tables.WeightsSet | undefined {
    return this.#get('weights', 'last', tables.weightsSet);
  }

  /** Commits of ours that are not revealed, the oldest first. */
  weightCommits(): tables.WeightCommit[] {
    const commits = this.journal.entries('weight-commits').map(({ value }) => tables.weightCommit.parse(value));
    return commits.sort((a, b) => a.block - b.block);
  }

  ownUpdate(): tables.OwnUpdate | undefined {
    return this.#get('weights', 'own-update', tables.ownUpdate);
  }

  doppelganger(): tables.Doppelganger | undefined {
    return this.#get('weights', 'doppelganger', tables.doppelganger);
  }

  /** Hotkeys that wait or are kept, over the given competitions. */
  activeHotkeys(competitions: Iterable<number>): Set<string> {
    const active = new Set<string>();
    for (const id of competitions) {
      const { pending, kept } = this.contenders(id);
      for (const hotkey of [...pending, ...kept]) active.add(hotkey);
    }
    return active;
  }

  /** Rows that take hotkeys off the lists of contenders; none where nobody is on one. */
  contendersWithout(competitions: Iterable<number>, isGone: (hotkey: string) => boolean): Put[] {
    return [...competitions].flatMap((id) => {
      const { pending, kept } = this.contenders(id);
      if (![...pending, ...kept].some(isGone)) return [];
      const others = (list: string[]): string[] => list.filter((hotkey) => !isGone(hotkey));
      return [put.contenders(id, { pending: others(pending), kept: others(kept) })];
    });
  }

  /** Rows that drop the history of hotkeys that are gone. */
  historyWithout(isGone: (hotkey: string) => boolean): Put[] {
    return this.journal.entries('history').flatMap(({ key }) => {
      const [competition = '', hotkey = ''] = key.split('/');
      return isGone(hotkey) ? [put.history(Number(competition), hotkey, undefined)] : [];
    });
  }

  evaluation(syncBlock: number, key: string): tables.StoredEvaluation | undefined {
    return this.#get('evaluations', `${syncBlock}/${key}`, tables.storedEvaluation);
  }

  /** Losses of defending models of a competition, the oldest first, and where they are. */
  knownLosses(competition: number): (tables.StoredLosses & { at: string })[] {
    return this.journal
      .entries('known-losses')
      .filter(({ key }) => key.startsWith(`${competition}/`))
      .map(({ key, value }) => ({ ...tables.storedLosses.parse(value), at: key }));
  }

  unknownClaim(hotkey: string): tables.UnknownClaim | undefined {
    return this.#get('unknown-claims', hotkey, tables.unknownClaim);
  }

  /** Without those that have become known. */
  unknownClaims(): (tables.UnknownClaim & { hotkey: string })[] {
    return this.journal
      .entries('unknown-claims')
      .map(({ key, value }) => ({ ...tables.unknownClaim.parse(value), hotkey: key }))
      .filter(({ stage }) => stage !== 'known');
  }

  /** Hotkeys whose claims are unknown, or have been for a while. */
  hotkeysOnceUnknown(): string[] {
    return this.journal.entries('unknown-claims').map(({ key }) => key);
  }

  missingClaim(hotkey: string): tables.MissingClaim | undefined {
    return this.#get('missing-claims', hotkey, tables.missingClaim);
  }

  missingClaims(): (tables.MissingClaim & { hotkey: string })[] {
    return this.journal
      .entries('missing-claims')
      .map(({ key, value }) => ({ ...tables.missingClaim.parse(value), hotkey: key }));
  }

  importedClaim(hotkey: string): tables.ImportedClaim | undefined {
    return this.#get('imported-claims', hotkey, tables.importedClaim);
  }

  importedClaims(): (tables.ImportedClaim & { hotkey: string })[] {
    return this.journal
      .entries('imported-claims')
      .map(({ key, value }) => ({ ...tables.importedClaim.parse(value), hotkey: key }));
  }

  /** Keys of stored evaluations that belong to other sync blocks than this one. */
  staleEvaluations(syncBlock: number): string[] {
    const keys = this.journal.entries('evaluations').map(({ key }) => key);
    return keys.filter((key) => !key.startsWith(`${syncBlock}/`));
  }

  async write(...rows: Put[]): Promise<void> {
    await this.change(() => ({ put: rows }));
  }

  /** Rows that depend on what is stored: see `change`. */
  async update(decide: () => Put[]): Promise<void> {
    await this.change(() => ({ put: decide() }));
  }

  /**
   * Decides once every earlier change is through. A commit may take its time (a round is signed), and a list that was
   * read before it and written after it would undo it.
   */
  change(decide: () => JournalChange): Promise<JournalRecord | undefined> {
    const done = this.#last.then(() => this.journal.commit(decide()));
    this.#last = done.catch(() => undefined);
    return done;
  }

  #get<T extends z.ZodType>(table: string, key: string, schema: T): z.infer<T> | undefined {
    const value = this.journal.get(table, key);
    return value === undefined ? undefined : schema.parse(value);
  }
}
