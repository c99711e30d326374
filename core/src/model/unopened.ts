import { printable } from '../errors/printable.js';
import type { RepoFile } from '../contracts/model.js';
import { isNeverOpened } from './files-that-count.js';
import type { JsonObject } from './json-object.js';

/** Names that a note lists. */
const LISTED = 5;

/** What a config says about code of its own. */
export const codeNotes = (path: string, config: JsonObject): string[] =>
  'auto_map' in config
    ? [`${path} names code under auto_map: it is never executed, and a class of the library is used.`]
    : [];

/** What a repo holds that is never opened, for people: pickles and other formats that run code, and Python. */
export function unopenedNotes(files: readonly RepoFile[]): string[] {
  const paths = files.map(({ path }) => path);
  const [python, formats] = [paths.filter((path) => path.endsWith('.py')), paths.filter(isNeverOpened)];
  return [
    ...(python.length > 0 ? [`Python code is never executed: ${listed(python)}.`] : []),
    ...(formats.length > 0 ? [`Formats that can hold code are never opened: ${listed(formats)}.`] : []),
  ];
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, LISTED).map((path) => printable(path, 60));
  return [...shown, ...(paths.length > LISTED ? [`and ${paths.length - LISTED} more`] : [])].join(', ');
}
