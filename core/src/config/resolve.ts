import type { z } from 'zod';
import { configErrors } from './errors.js';
import { configSchema, type Config, type ConfigInput } from './schema.js';

/** Where a value comes from, strongest first. Names of other software rank below Assay's own of the same origin. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';

export interface ConfigLayer {
  origin: Origin;
  /** For people: `--sample-min`, `ASSAY_SAMPLE_MIN`, `examples/demo.yaml`. By dotted path, or one for the layer. */
  source: string | ((path: string) => string);
  values: ConfigInput;
}

export interface ConfigValue {
  path: string;
  value: unknown;
  origin: Origin;
  source: string;
}

export interface ResolvedConfig {
  config: Config;
  values: ConfigValue[];
}

/** Flag over environment over file over default, key by key; lists are replaced whole. */
export function resolveConfig(layers: readonly ConfigLayer[]): ResolvedConfig {
  const strongestLast = [...layers].reverse();
  const merged = strongestLast.reduce<Record<string, unknown>>((base, { values }) => merge(base, values), {});
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) throw configErrors.CONFIG_INVALID({ issues: issuesOf(parsed.error) });
  const values = leaves(parsed.data).map(([path, value]): ConfigValue => {
    const layer = layers.find((candidate) => at(candidate.values, path) !== undefined);
    if (!layer) return { path, value, origin: 'default', source: '' };
    return {
      path,
      value,
      origin: layer.origin,
      source: typeof layer.source === 'string' ? layer.source : layer.source(path),
    };
  });
  return { config: parsed.data, values };
}

/** zod's complaints, one line each, with the dotted path of the value. */
export function issuesOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.map(String).join('.') || '(top)'}: ${message}`);
}

/** `ASSAY_CHAIN__BLOCK_TIME=3` is `chain.blockTime`: two underscores go one level down. Values are YAML scalars. */
export function environmentValues(
  environment: Readonly<Record<string, string | undefined>>,
  parseScalar: (text: string) => unknown,
): ConfigInput {
  let values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('ASSAY_') || text === undefined) continue;
    const path = name.slice('ASSAY_'.length).toLowerCase().split('__').map(camelCase);
    values = merge(values, nest(path, parseScalar(text)));
  }
  return values;
}

export const environmentName = (path: string): string =>
  `ASSAY_${path
    .split('.')
    .map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
    .join('__')}`;

const camelCase = (part: string): string =>
  part.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());

export const nest = (path: readonly string[], value: unknown): Record<string, unknown> =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function merge(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = result[key];
    result[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return result;
}

export function at(values: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), values);
}

/** Values without the one at a path. */
export function without(values: ConfigInput, [key = '', ...rest]: readonly string[]): ConfigInput {
  const inner = values[key];
  if (inner === undefined) return values;
  const others = Object.fromEntries(Object.entries(values).filter(([name]) => name !== key));
  return rest.length > 0 && isObject(inner) ? { ...others, [key]: without(inner, rest) } : others;
}

/** Every value that is no object, by dotted path; lists stay whole. */
export function leaves(value: unknown, prefix = ''): [path: string, value: unknown][] {
  if (!isObject(value) || (prefix !== '' && Object.keys(value).length === 0)) return [[prefix, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, prefix ? `${prefix}.${key}` : key));
}
