import type { Competition } from '../competition/competition.js';
import { configErrors } from '../config/errors.js';
import { chosenCompetitions } from './competitions.js';
import type { Surroundings } from './surroundings.js';

/**
 * Version of the library by which a run judges: what the config says of its evaluator or inspector, else the competitions of
 * the schedule, else the profile. One process follows one version, as a validator on the library itself does.
 * @returns undefined where none of them says it
 * @throws LIBRARY_AMBIGUOUS where they do not agree
 */
export function libraryOf(
  surroundings: Pick<Surroundings, 'config' | 'registry' | 'profile'>,
  competitions: () => Iterable<Competition> = () => chosenCompetitions(surroundings, 0).values(),
): string | undefined {
  const { config, profile } = surroundings;
  const chosen = onlyOne(['evaluator', 'inspector'] as const, (contract) => versionOf(config[contract]['library']));
  if (chosen !== undefined) return chosen;
  const byName = new Map([...competitions()].map((one) => [one.name, one.library ?? profile.library]));
  return onlyOne([...byName.keys()], (name) => byName.get(name)) ?? profile.library;
}

/** YAML reads 4.57 as a number. What is neither is left to the schema of the implementation. */
const versionOf = (given: unknown): string | undefined =>
  typeof given === 'string' || typeof given === 'number' ? String(given) : undefined;

function onlyOne<Name extends string>(
  names: readonly Name[],
  libraryFor: (name: Name) => string | undefined,
): string | undefined {
  const wanted = new Map<string, Name[]>();
  for (const name of names) {
    const library = libraryFor(name);
    if (library !== undefined) wanted.set(library, [...(wanted.get(library) ?? []), name]);
  }
  if (wanted.size > 1)
    throw configErrors.LIBRARY_AMBIGUOUS({
      wanted: [...wanted].map(([library, by]) => `${library} for ${by.join(', ')}`),
    });
  const [only] = wanted.keys();
  return only;
}
