import type { Setting } from '../plugin/plugin.js';
import { configErrors } from './errors.js';
import { at, merge, nest, without, type ConfigLayer } from './resolve.js';

/** An implementation that the config chooses, by its contract's key, with the options that other software names. */
export interface ChosenSettings {
  contract: string;
  settings: readonly Setting[];
}

/** What is given under the names of other software. */
export interface GivenNames {
  /** By the flag as it is written: `--wallet.name`. */
  flags: Readonly<Record<string, string>>;
  variables: Readonly<Record<string, string | undefined>>;
  /** Values by key of the files that the settings name, by the path that they name. */
  files: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A path that was typed or exported, as an absolute one. */
  fromHere: (path: string) => string;
}

/** One layer for each place: they rank below the layer of the same origin that Assay's own names fill. */
export type SettingLayers = Record<'flag' | 'environment' | 'file', ConfigLayer>;

/**
 * The options that flags, variables and files of other software set. Of several names of one option the first that is given
 * counts.
 * @throws SETTING_CONFLICT where two flags set one option differently, SETTING_EMPTY, SETTING_FILE_MALFORMED
 */
export function settingLayers(chosen: readonly ChosenSettings[], given: GivenNames): SettingLayers {
  const fill = (
    origin: 'flag' | 'environment' | 'file',
    find: (setting: Setting) => { source: string; text: string } | undefined,
  ): ConfigLayer => {
    const sources: Record<string, string> = {};
    let values = {};
    for (const { contract, settings } of chosen)
      for (const setting of settings) {
        const found = find(setting);
        if (!found) continue;
        const path = `${contract}.${setting.option}`;
        sources[path] = found.source;
        values = merge(values, nest(path.split('.'), valueOf(setting, found, given.fromHere)));
      }
    return { origin, source: (path) => sources[path] ?? path, values };
  };
  return {
    flag: fill('flag', ({ flags = [] }) => oneOfFlags(flags, given.flags)),
    environment: fill('environment', ({ variables = [] }) => {
      const source = variables.find((name) => (given.variables[name] ?? '') !== '');
      return source === undefined ? undefined : { source, text: given.variables[source] ?? '' };
    }),
    file: fill('file', ({ files = [] }) => files.flatMap((place) => inFile(place, given.files))[0]),
  };
}

function oneOfFlags(
  names: readonly string[],
  given: Readonly<Record<string, string>>,
): { source: string; text: string } | undefined {
  const [first, ...others] = names.flatMap((source) => {
    const text = given[source];
    return text === undefined ? [] : [{ source, text }];
  });
  const other = others.find(({ text }) => text !== first?.text);
  if (first && other) throw configErrors.SETTING_CONFLICT({ flags: [first.source, other.source] });
  return first;
}

function inFile(
  { path, key }: { path: string; key: string },
  files: GivenNames['files'],
): { source: string; text: string }[] {
  const value = files[path]?.[key];
  if (value === undefined || value === null || value === '') return [];
  if (typeof value !== 'string' && typeof value !== 'number')
    throw configErrors.SETTING_FILE_MALFORMED({ path, reason: `${key} is neither a text nor a number` });
  return [{ source: `${path} (${key})`, text: String(value) }];
}

/** An empty path would be the working directory, and an empty list would take the place of a network. */
function valueOf(
  { kind = 'text' }: Setting,
  { source, text }: { source: string; text: string },
  fromHere: (path: string) => string,
): unknown {
  const parts = kind === 'list' ? text.split(',').map((part) => part.trim()) : [text];
  const given = parts.filter((part) => part.trim() !== '');
  if (given.length === 0) throw configErrors.SETTING_EMPTY({ source });
  if (kind === 'list') return given;
  return kind === 'path' ? fromHere(text) : text;
}

/** An option that has no effect, because another one takes its place. */
export interface GivenUp {
  path: string;
  value: unknown;
  source: string;
  /** The option that takes its place. */
  by: string;
  bySource: string;
}

/**
 * The layers without options whose place another one takes (`insteadOf`). Of two such options the one of the stronger layer
 * stays, and within a layer the one that says `insteadOf`.
 * @param layers strongest first
 */
export function withoutReplaced(
  layers: readonly ConfigLayer[],
  chosen: readonly ChosenSettings[],
): { layers: ConfigLayer[]; givenUp: GivenUp[] } {
  let left = [...layers];
  const givenUp: GivenUp[] = [];
  const find = (path: string): number => left.findIndex(({ values }) => at(values, path) !== undefined);
  for (const { contract, settings } of chosen)
    for (const { option, insteadOf = [] } of settings)
      for (const other of insteadOf) {
        const [path, otherPath] = [`${contract}.${option}`, `${contract}.${other}`];
        const [mine, others] = [find(path), find(otherPath)];
        if (mine < 0 || others < 0) continue;
        const [winner, loser] = mine <= others ? [path, otherPath] : [otherPath, path];
        const [by, layer] = [left[Math.min(mine, others)], left[Math.max(mine, others)]];
        givenUp.push({
          path: loser,
          value: at(layer?.values, loser),
          source: layer ? sourceOf(layer, loser) : '',
          by: winner,
          bySource: by ? sourceOf(by, winner) : '',
        });
        left = left.map((one) => ({ ...one, values: without(one.values, loser.split('.')) }));
      }
  return { layers: left, givenUp };
}

const sourceOf = ({ source }: ConfigLayer, path: string): string =>
  typeof source === 'string' ? source : source(path);

/** Whether a flag or a variable that is given sets an option of these. */
export const isNamed = (settings: readonly Setting[], given: Pick<GivenNames, 'flags' | 'variables'>): boolean =>
  settings.some(
    ({ flags = [], variables = [] }) =>
      flags.some((name) => given.flags[name] !== undefined) ||
      variables.some((name) => (given.variables[name] ?? '') !== ''),
  );
