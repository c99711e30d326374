import { modelErrors } from '../errors.js';
import type { Library } from '../library.js';
import { byCurrentName, currentName, layerNormName } from './old-names.js';
import type { StoredTensor, StoredWeights } from './weights.js';

/** A stored tensor, and the architecture's name under which the library loads it. */
export interface Load {
  name: string;
  tensor: StoredTensor;
}

/** What decides which stored name stands for which name of the architecture. */
export interface Naming {
  /** Every name under which the architecture takes a tensor. Within a file they are loaded in this order. */
  names: readonly string[];
  prefix: string;
  renamed?: (name: string) => string;
}

/**
 * The stored tensors that a version of the library loads, in its order: of two loads with one name the later one stays.
 * @throws WEIGHTS_MIXED
 */
export function loadOrder(weights: StoredWeights, naming: Naming, library: Library): Load[] {
  switch (library) {
    case '4.44':
      return byFile(weights, naming, storedNames(weights, naming), byCurrentName);
    case '4.57':
      return byFile(weights, naming, announcedNames(weights, naming), byStoredName);
    case '5':
      return byNaturalOrder(weights, naming);
  }
}

const byStoredName = (stored: readonly StoredTensor[]): Map<string, StoredTensor> =>
  new Map(stored.map((tensor) => [tensor.name, tensor]));

/** 4.x loads file by file, in order of file names. `inFiles` says what each name of the architecture is in the files. */
function byFile(
  { files }: StoredWeights,
  { names }: Naming,
  inFiles: ReadonlyMap<string, string>,
  index: (stored: readonly StoredTensor[]) => ReadonlyMap<string, StoredTensor>,
): Load[] {
  const places = new Map(
    names.flatMap((name, place) => {
      const inFile = inFiles.get(name);
      return inFile === undefined ? [] : [[inFile, { name, place }] as const];
    }),
  );
  return files.flatMap(({ stored }) =>
    [...index(stored)]
      .flatMap(([inFile, tensor]) => {
        const found = places.get(inFile);
        return found ? [{ ...found, tensor }] : [];
      })
      .sort((a, b) => a.place - b.place)
      .map(({ name, tensor }) => ({ name, tensor })),
  );
}

/** 4.44 loads whatever the files hold; the index only tells whether the model is a bare one. @throws WEIGHTS_MIXED */
function storedNames({ announced }: StoredWeights, { names, prefix }: Naming): Map<string, string> {
  const current = announced.map(currentName);
  if (current.some((name) => name.startsWith(prefix))) return new Map(names.map((name) => [name, name]));
  requireNoOthers(current, names, prefix);
  const inside = names.filter((name) => name.startsWith(`${prefix}.`));
  return new Map(inside.map((name) => [name, name.slice(prefix.length + 1)]));
}

/**
 * 4.57 loads the names that the index, or the only file, announces. The prefix is added where no name has it, and taken off
 * where the class has no part of that name. @throws WEIGHTS_MIXED
 */
function announcedNames({ announced }: StoredWeights, { names, prefix }: Naming): Map<string, string> {
  const hasPrefix = announced.some((name) => name.startsWith(prefix));
  const expectsPrefix = names.some((name) => name.startsWith(`${prefix}.`));
  const current = announced.map((name): [string, string] => [layerNormName(name, '4.57'), name]);
  if (hasPrefix === expectsPrefix) return new Map(current);
  if (hasPrefix)
    return new Map(
      current
        .filter(([name]) => name.startsWith(`${prefix}.`))
        .map(([name, inFile]) => [name.slice(prefix.length + 1), inFile]),
    );
  requireNoOthers(
    current.map(([name]) => name),
    names,
    prefix,
  );
  return new Map(current.map(([name, inFile]) => [`${prefix}.${name}`, inFile]));
}

/** A bare model has none of the tensors that stand outside of the prefix. @throws WEIGHTS_MIXED */
function requireNoOthers(found: readonly string[], names: readonly string[], prefix: string): void {
  const outside = new Set(names.filter((name) => !name.startsWith(`${prefix}.`)));
  const mixed = found.find((name) => outside.has(name));
  if (mixed !== undefined) throw modelErrors.WEIGHTS_MIXED({ tensor: mixed, prefix });
}

/**
 * 5 puts the tensors of all files together, of two with one stored name that of the later file, and goes through them in
 * natural order of names. Of several that come to one name of the model the first one counts and the others are left out.
 */
function byNaturalOrder({ files }: StoredWeights, naming: Naming): Load[] {
  const merged = byStoredName(files.flatMap(({ stored }) => stored));
  const known = new Set(naming.names);
  const loads = new Map<string, Load>();
  for (const tensor of [...merged.values()].sort(naturally)) {
    const name = nameInModel(tensor.name, known, naming);
    if (name !== undefined && !loads.has(name)) loads.set(name, { name, tensor });
  }
  return [...loads.values()];
}

/** Each name is looked at by itself: the prefix may be missing in some, and stand once too often in others. */
function nameInModel(stored: string, known: ReadonlySet<string>, { prefix, renamed }: Naming): string | undefined {
  const name = withPrefix(layerNormName(renamed?.(stored) ?? stored, '5'), known, prefix);
  if (known.has(name)) return name;
  // A name of the model is not lost to a renaming.
  return known.has(stored) ? withPrefix(stored, known, prefix) : undefined;
}

function withPrefix(name: string, known: ReadonlySet<string>, prefix: string): string {
  // The library looks for the prefix and any one character after it.
  const shorter = name.startsWith(prefix) ? name.slice(prefix.length + 1) : undefined;
  if (shorter !== undefined && known.has(shorter)) return shorter;
  const longer = `${prefix}.${name}`;
  return known.has(longer) ? longer : name;
}

/** Names are compared part by part between the dots: numbers by value and before words, `m2` before `m10`. */
function naturally({ name: one }: StoredTensor, { name: other }: StoredTensor): number {
  const [a, b] = [one.split('.'), other.split('.')];
  const difference = a.findIndex((part, index) => part !== b[index]);
  const [left, right] = [a[difference], b[difference]];
  return left === undefined || right === undefined ? a.length - b.length : compareParts(left, right);
}

function compareParts(left: string, right: string): number {
  const [a, b] = [splitPart(left), splitPart(right)];
  if (a.word !== b.word) return a.word < b.word ? -1 : 1;
  return a.number - b.number;
}

/** A part as a word, empty where it is a number, and the number at its end; a word without one comes first. */
function splitPart(part: string): { word: string; number: number } {
  const word = part.replace(/\d+$/, '');
  return { word, number: word === part ? -1 : Number(part.slice(word.length)) };
}
