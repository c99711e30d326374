import type { FileReason, RepoDocuments } from '../contracts/commitment-scheme.js';
import type { RepoFile } from '../contracts/model.js';
import { CONFIG, countedPaths, INDEX, isNeverOpened, WEIGHTS } from './files-that-count.js';
import { isVocabularyFile } from './tokenizer-files.js';

/**
 * Why each file of a repo counts, or why the library leaves it alone: what the directory hash covers, for people.
 * @throws NO_SAFETENSORS, REPO_FILE_INVALID
 */
export function explainFiles(files: readonly RepoFile[], documents: RepoDocuments): FileReason[] {
  const counted = countedPaths(files, documents);
  return files.map(({ path }) => {
    const why = counted.get(path);
    return why === undefined ? { path, counts: false, why: reasonToLeave(path, counted) } : { path, counts: true, why };
  });
}

function reasonToLeave(path: string, counted: ReadonlyMap<string, string>): string {
  if (path.endsWith('.py')) return 'it is Python code, which is never executed';
  if (isNeverOpened(path)) return 'it has a format that is never opened: weights are safetensors';
  if (path.includes('/')) return 'it lies in a folder, and the library reads the top of a repo';
  if (path === INDEX || path.endsWith('.safetensors')) {
    return counted.has(WEIGHTS)
      ? `the library reads ${WEIGHTS} and no other weights beside it`
      : `${INDEX} does not name it`;
  }
  if (/^config\..*\.json$/.test(path))
    return `configuration_files in ${CONFIG} does not choose it for this version of the library`;
  if (isVocabularyFile(path)) return 'the class of the tokenizer does not read it';
  return 'the library does not read it';
}
