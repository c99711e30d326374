import { repoName, type ModelReference } from '../contracts/model.js';
import type { RuleState } from '../contracts/rule.js';
import type { Json, JournalChange } from '../contracts/round-journal.js';
import type { TensorList } from '../model/tensor-list.js';
import type * as tables from './tables.js';

export type Put = NonNullable<JournalChange['put']>[number];

/** Key of a model's files at their fixed revision. */
export const referenceKey = (reference: ModelReference): string => `${repoName(reference)}@${reference.revision}`;

/** A row of a derived table; undefined drops it. */
const row = (table: string, key: string, value: unknown): Put => ({
  table,
  key,
  value: value === undefined ? undefined : asJson(value),
});

/** Rows of the derived tables, to be written by themselves or together with a record. */
export const put = {
  model: (value: tables.TrackedModel): Put => row('models', value.hotkey, value),
  forgetModel: (hotkey: string): Put => row('models', hotkey, undefined),
  defenderModel: (reference: ModelReference, value: tables.DefenderModel | undefined): Put =>
    row('defenders', referenceKey(reference), value),
  tensors: (tensorsDigest: string, value: TensorList | undefined): Put => row('tensors', tensorsDigest, value),
  contenders: (competition: number, value: tables.Contenders): Put => row('contenders', String(competition), value),
  standing: (competition: number, value: tables.Standing | undefined): Put =>
    row('standings', String(competition), value),
  entrants: (competition: number, value: RuleState | undefined): Put => row('entrants', String(competition), value),
  history: (competition: number, hotkey: string, value: tables.History | undefined): Put =>
    row('history', `${competition}/${hotkey}`, value),
  resultsAreVerified: (): Put => row('marks', 'verified-files', true),
  lastRound: (competition: number, value: tables.LastRound): Put => row('last-rounds', String(competition), value),
  evaluation: (syncBlock: number, key: string, value: tables.StoredEvaluation): Put =>
    row('evaluations', `${syncBlock}/${key}`, value),
  forgetEvaluation: (key: string): Put => row('evaluations', key, undefined),
  knownLosses: (at: string, value: tables.StoredLosses | undefined): Put => row('known-losses', at, value),
  unknownClaim: (hotkey: string, value: tables.UnknownClaim | undefined): Put => row('unknown-claims', hotkey, value),
  missingClaim: (hotkey: string, value: tables.MissingClaim | undefined): Put => row('missing-claims', hotkey, value),
  importedClaim: (hotkey: string, value: tables.ImportedClaim | undefined): Put =>
    row('imported-claims', hotkey, value),
  weightsIntent: (value: tables.WeightsIntent | undefined): Put => row('weights', 'intent', value),
  weightsSet: (value: tables.WeightsSet): Put => row('weights', 'last', value),
  weightCommit: (block: number, value: tables.WeightCommit | undefined): Put =>
    row('weight-commits', String(block), value),
  ownUpdate: (value: tables.OwnUpdate | undefined): Put => row('weights', 'own-update', value),
  doppelganger: (value: tables.Doppelganger | undefined): Put => row('weights', 'doppelganger', value),
};

/** Plain JSON of a value: what a reader will get back, with undefined members gone. */
export function asJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)),
  ) as Json;
}
