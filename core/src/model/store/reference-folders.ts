import { DEFAULT_SOURCE, type ModelReference } from '../../contracts/model.js';
import { storeErrors } from '../errors.js';
import { isPlainPart } from '../storable-files.js';

/**
 * Stands for what a folder's name can't hold. No plain part has it, so that no two references share a folder. Not `+`: a
 * disk has a folder `lost+found`.
 */
const JOIN = '~';
/** Stands for the colon of a registry's port. Only in parts after a `~`, which no folder of a disk has. */
const PORT = '+';

/**
 * The three folders of a reference, outermost first: `miner`, `llama`, a commit; or `oci~registry.example~team`, `llama`,
 * `sha256~` and a digest. A port is written with `+`: `oci~registry.example+5000~team`.
 * @throws FILE_NAME_REFUSED
 */
export function foldersOf(reference: ModelReference): [string, string, string] {
  const { source = DEFAULT_SOURCE, namespace, name, revision } = reference;
  const ofHub = source === DEFAULT_SOURCE;
  const above = ofHub ? [namespace] : [source, ...namespace.split('/')];
  const version = ofHub ? [revision] : revision.split(':');
  const checked = above.map((part, index) => (index === 1 ? part.replace(/:\d{1,5}$/, '') : part));
  const refused = [...checked, name, ...version].find((part) => !isPlainPart(part));
  if (refused !== undefined) throw storeErrors.FILE_NAME_REFUSED({ path: refused });
  const folders: [string, string, string] = [above.join(JOIN).replace(':', PORT), name, version.join(JOIN)];
  const long = folders.find((folder) => folder.length > 255);
  if (long !== undefined) throw storeErrors.FILE_NAME_REFUSED({ path: long });
  return folders;
}

/** The reference whose folders these are; undefined for folders that are not the store's. */
export function referenceIn(above: string, name: string, version: string): ModelReference | undefined {
  const [source = '', ...namespace] = above.split(JOIN);
  const reference =
    namespace.length === 0
      ? { namespace: above, name, revision: version }
      : { source, namespace: namespace.join('/').replace(PORT, ':'), name, revision: version.replaceAll(JOIN, ':') };
  try {
    return foldersOf(reference).join('/') === [above, name, version].join('/') ? reference : undefined;
  } catch {
    return undefined;
  }
}
