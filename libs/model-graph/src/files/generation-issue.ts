import type { JsonObject } from '@assay/core/model/json-object';
import type { Library } from '../library.js';
import { equals } from './python-values.js';

/** A generation config, and what of the model decides whether the library takes it. */
export interface GivenGeneration {
  library: Library;
  values: JsonObject;
  /** Keys whose number was written as a float: the library tells 2 and 2.0 apart. */
  floats: ReadonlySet<string>;
  className: string;
  vocabularySize: number;
  /** Whether these are the values of config.json. */
  isModelConfig: boolean;
  /** Whether config.json lets the model keep keys and values. */
  modelUsesCache: boolean;
}

export interface GenerationIssue {
  key: string;
  reason: string;
  /** refused: the library raises an error. unsupported: the library generates, and this evaluator does not follow it. */
  kind: 'refused' | 'unsupported';
}

/** What is wrong with one member that the config has; nothing where it is fine. */
export type MemberCheck = (value: unknown, given: GivenGeneration) => Omit<GenerationIssue, 'key'> | undefined;

export const refused = (reason: string): ReturnType<MemberCheck> => ({ reason, kind: 'refused' });
export const unsupported = (reason: string): ReturnType<MemberCheck> => ({ reason, kind: 'unsupported' });

export const usesBeams = ({ values }: GivenGeneration): boolean => !equals(values['num_beams'] ?? 1, 1);

/** Only false itself, or no value, is greedy: null and 0 are sampling to the library, though it then draws nothing. */
export const isGreedy = ({ values }: GivenGeneration): boolean =>
  values['do_sample'] === undefined || values['do_sample'] === false;

export function issuesOf(checks: Readonly<Record<string, MemberCheck>>, given: GivenGeneration): GenerationIssue[] {
  return Object.entries(checks).flatMap(([key, check]) => {
    if (!Object.hasOwn(given.values, key)) return [];
    const issue = check(given.values[key], given);
    return issue ? [{ key, ...issue }] : [];
  });
}
