import type { JsonObject } from '@assay/core/model/json-object';
import { numberOf } from './python-values.js';

/** What is wrong with one key that config.json has; nothing where it is fine. */
export type KeyCheck = (value: unknown, config: JsonObject, isFloat?: boolean) => string | undefined;
export type KeyChecks = Readonly<Record<string, KeyCheck>>;

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWhole = (text: string): boolean => /^\s*[-+]?\d+(_\d+)*\s*$/.test(text);
export const needsNumberedKeys = (value: unknown): boolean => isObject(value) && Object.keys(value).every(isWhole);

/** The library looks for names in it. */
export const searchable: KeyCheck = (value) =>
  typeof value === 'string' || (typeof value === 'object' && value !== null) ? undefined : 'must be an object';

export const onlyNull: KeyCheck = (value) => (value === null ? undefined : 'must be null');

/** A probability. */
export const share: KeyCheck = (value) => {
  const number = numberOf(value);
  return number !== undefined && number >= 0 && number <= 1 ? undefined : 'must be a number from 0 to 1';
};

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** How a model is spread over machines; it changes no number. */
export const plan: KeyCheck = (value) =>
  value === null || isObject(value) || isEmptyList(value) ? undefined : 'must be an object';

const TORCH_TYPES =
  /^(float(16|32|64)?|double|half|bfloat16|float8_(e4m3fn|e5m2)(uz|fnuz)?|u?int(8|16|32|64)|int|short|long|bool|c?(half|float|double)|complex(32|64|128))$/;
export const torchType: KeyCheck = (value) =>
  typeof value !== 'string' || TORCH_TYPES.test(value) ? undefined : 'is no type of torch, such as bfloat16';
