import { repoName, type ModelReference } from '../contracts/model.js';
import type { RuleState } from '../contracts/rule.js';
import type { Json, JournalChange } from '../contracts/round-journal.js';
import type { TensorList } from '../model/tensor-list.js';
import type * as tables from './tables.js';

export type Put = NonNullable<JournalChange['put']>[number];

/** Key of a model's files at their fixed revision. */
export const referenceKey = (reference: ModelReference): string => `${repoName(reference)}@${reference.revision}`;

/** Rows of the derived tables, to be written by themselves or together with a record. */
export const put = {
  model: (value: tables.TrackedModel): Put => ({ table: 'models', key: value.hotkey, value: asJson(value) }),
  forgetModel: (hotkey: string): Put => ({ table: 'models', key: hotkey, value: undefined }),
  defenderModel: (reference: ModelReference, value: tables.DefenderModel | undefined): Put => ({
    table: 'defenders',
    key: referenceKey(reference),
    value: value && asJson(value),
  }),
  tensors: (tensorsDigest: string, value: TensorList | undefined): Put => ({
    table: 'tensors',
    key: tensorsDigest,
    value: value && asJson(value),
  }),
  contenders: (competition: number, value: tables.Contenders): Put => ({
    table: 'contenders',
    key: String(competition),
    value: asJson(value),
  }),
  standing: (competition: number, value: tables.Standing | undefined): Put => ({
    table: 'standings',
    key: String(competition),
    value: value && asJson(value),
  }),
  entrants: (competition: number, value: RuleState | undefined): Put => ({
    table: 'entrants',
    key: String(competition),
    value: value && asJson(value),
  }),
  history: (competition: number, hotkey: string, value: tables.History | undefined): Put => ({
    table: 'history',
    key: `${competition}/${hotkey}`,
    value: value && asJson(value),
  }),
  resultsAreVerified: (): Put => ({ table: 'marks', key: 'verified-files', value: true }),
  lastRound: (competition: number, value: tables.LastRound): Put => ({
    table: 'last-rounds',
    key: String(competition),
    value: asJson(value),
  }),
  evaluation: (syncBlock: number, key: string, value: tables.StoredEvaluation): Put => ({
    table: 'evaluations',
    key: `${syncBlock}/${key}`,
    value: asJson(value),
  }),
  knownLosses: (at: string, value: tables.StoredLosses | undefined): Put => ({
    table: 'known-losses',
    key: at,
    value: value && asJson(value),
  }),
  unknownClaim: (hotkey: string, value: tables.UnknownClaim | undefined): Put => ({
    table: 'unknown-claims',
    key: hotkey,
    value: value && asJson(value),
  }),
  missingClaim: (hotkey: string, value: tables.MissingClaim | undefined): Put => ({
    table: 'missing-claims',
    key: hotkey,
    value: value && asJson(value),
  }),
  importedClaim: (hotkey: string, value: tables.ImportedClaim | undefined): Put => ({
    table: 'imported-claims',
    key: hotkey,
    value: value && asJson(value),
  }),
  forgetEvaluation: (key: string): Put => ({ table: 'evaluations', key, value: undefined }),
  weightsIntent: (value: tables.WeightsIntent | undefined): Put => ({
    table: 'weights',
    key: 'intent',
    value: value && asJson(value),
  }),
  weightsSet: (value: tables.WeightsSet): Put => ({ table: 'weights', key: 'last', value: asJson(value) }),
  weightCommit: (block: number, value: tables.WeightCommit | undefined): Put => ({
    table: 'weight-commits',
    key: String(block),
    value: value && asJson(value),
  }),
  ownUpdate: (value: tables.OwnUpdate | undefined): Put => ({
    table: 'weights',
    key: 'own-update',
    value: value && asJson(value),
  }),
  doppelganger: (value: tables.Doppelganger | undefined): Put => ({
    table: 'weights',
    key: 'doppelganger',
    value: value && asJson(value),
  }),
};

/** Plain JSON of a value: what a reader will get back, with undefined members gone. */
export function asJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)),
  ) as Json;
}
