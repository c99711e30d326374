import { createHash } from 'node:crypto';

export interface HashedFile {
  /** Path with `/` between parts. */
  path: string;
  /** Hex sha256 of the content. */
  sha256: string;
}

/** By code point, as Python sorts strings; JavaScript's own order goes by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [index, character] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * base64(sha256(concatenation of base64(sha256(file)))) over a folder: its files in code-point order, then its
 * sub-folders likewise. Names do not enter the hash (taoverse get_hash_of_directory). No files: the hash of nothing,
 * which a caller must refuse.
 */
export function directoryHash(files: readonly HashedFile[]): string {
  const digest = createHash('sha256');
  for (const sha256 of inOrder(files.map(({ path, sha256: hash }) => ({ parts: path.split('/'), sha256: hash })))) {
    digest.update(Buffer.from(sha256, 'hex').toString('base64'), 'utf8');
  }
  return digest.digest('base64');
}

interface Entry {
  parts: readonly string[];
  sha256: string;
}

function inOrder(entries: readonly Entry[]): string[] {
  const files = entries.filter(({ parts }) => parts.length === 1);
  const folders = new Map<string, Entry[]>();
  for (const { parts, sha256 } of entries) {
    const [folder = '', ...rest] = parts;
    if (rest.length > 0) folders.set(folder, [...(folders.get(folder) ?? []), { parts: rest, sha256 }]);
  }
  const own = files.sort((a, b) => byCodePoint(a.parts[0] ?? '', b.parts[0] ?? '')).map(({ sha256 }) => sha256);
  const below = [...folders].sort(([a], [b]) => byCodePoint(a, b)).flatMap(([, inner]) => inOrder(inner));
  return [...own, ...below];
}

/** base64(sha256(a + b)): what a miner commits is secureHash(directory hash, hotkey), so that nobody can copy it. */
export function secureHash(directory: string, hotkey: string): string {
  return createHash('sha256')
    .update(directory + hotkey, 'utf8')
    .digest('base64');
}
