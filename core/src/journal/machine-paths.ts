import { homedir, tmpdir } from 'node:os';
import { basename } from 'node:path';

/** An absolute path of two names at least, as of Linux, macOS and Windows, also as a file URL; no part of another URL. */
const POSIX = /(?:file:\/\/|(?<![\w:/.-]))\/(?:[^\s/'"`:;,()<>]+\/)+[^\s/'"`:;,()<>]*/g;
const WINDOWS = /(?<!\w)[A-Za-z]:\\(?:[^\s\\'"`:;,()<>]+\\)*[^\s\\'"`:;,()<>]*/g;
/** What stands for the folders of a path. */
const SOMEWHERE = '…/';

const lastName = (path: string): string => `${SOMEWHERE}${basename(path.replaceAll('\\', '/'))}`;

/** Folders of this machine that may have blanks in their names; the longest first. */
const ownFolders = (): string[] =>
  [homedir(), tmpdir(), process.cwd()].filter((folder) => folder.length > 1).sort((a, b) => b.length - a.length);

/** What begins like a path between quotation marks, blanks included. */
const QUOTED = /(['"`])((?:\/|[A-Za-z]:\\)[^'"`\n]*)\1/g;
/** Characters that a path has at most. */
const LONGEST = 4096;

/** Whether a text is a path of two names at least and nothing else, blanks included. */
const isPath = (text: string): boolean =>
  text.length <= LONGEST && /^(?:\/|[A-Za-z]:\\)/.test(text) && /[/\\]/.test(text.slice(3)) && !/\n|: |\.$/.test(text);

/**
 * The text with every absolute path cut to its last name: records go to others, and folders are nobody's business.
 * @param paths further ones that are known to be paths
 */
export function withoutPaths(text: string, paths: readonly string[] = []): string {
  if (!/[/\\]/.test(text)) return text;
  const known = paths.reduce((rest, path) => rest.replaceAll(path, lastName(path)), text);
  const own = ownFolders().reduce((rest, folder) => rest.replaceAll(`${folder}/`, '/…/'), known);
  return own
    .replace(QUOTED, (all, quote: string, path: string) => (isPath(path) ? `${quote}${lastName(path)}${quote}` : all))
    .replace(POSIX, lastName)
    .replace(WINDOWS, lastName);
}

/** The same for every text within: a member that is a path says what to look for in the others. */
export function valueWithoutPaths(value: unknown): unknown {
  const paths = textsIn(value).filter(isPath);
  return cut(
    value,
    paths.sort((a, b) => b.length - a.length),
  );
}

function cut(value: unknown, paths: readonly string[]): unknown {
  if (typeof value === 'string') return withoutPaths(value, paths);
  if (Array.isArray(value)) return value.map((inner) => cut(inner, paths));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [withoutPaths(key, paths), cut(inner, paths)]));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
