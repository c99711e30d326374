/** Version of the library that the reference runs. */
const LIBRARY_VERSION = [4, 44, 1] as const;

/**
 * Which of the names of a list like `configuration_files` (`config.4.0.0.json`) the library opens in place of `base`: it
 * sorts the versions as strings, so that 4.10.0 comes before 4.5.0, and takes the last one before the first that is
 * newer than itself.
 * @param names as found in the file, of any type
 * @returns undefined where the library itself raises
 */
export function versionedFile(names: unknown, base: string): string | undefined {
  const listed = namesIn(names);
  if (!listed) return undefined;
  const dot = base.lastIndexOf('.');
  const pattern = new RegExp(`${base.slice(0, dot)}\\.(.*)\\${base.slice(dot)}`);
  const byVersion = new Map(
    listed.flatMap((name): [string, string][] => {
      const version = pattern.exec(name)?.[1];
      return version === undefined ? [] : [[version, name]];
    }),
  );
  let chosen = base;
  // Sorting by UTF-16 unit is Python's order here: a version that is not ASCII raises wherever it stands.
  for (const [version, name] of [...byVersion].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!/^\d{1,9}(\.\d{1,9}){0,9}$/.test(version)) return undefined;
    if (isNewer(version.split('.').map(Number))) break;
    chosen = name;
  }
  return chosen;
}

/** What Python's `for` finds in the value: elements of a list, keys of an object, characters of a text. */
function namesIn(names: unknown): string[] | undefined {
  if (typeof names === 'string') return [];
  if (typeof names !== 'object' || names === null) return undefined;
  const listed: unknown[] = Array.isArray(names) ? names : Object.keys(names);
  return listed.every((name) => typeof name === 'string') ? listed : undefined;
}

function isNewer(version: readonly number[]): boolean {
  for (let part = 0; part < Math.max(version.length, LIBRARY_VERSION.length); part += 1) {
    const difference = (version[part] ?? 0) - (LIBRARY_VERSION[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
