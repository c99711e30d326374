import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../e2e/world.js';

/** Files that a page of docs/build writes, in order: a path may come again with another content. */
export function writtenBy(page: string): [path: string, content: string][] {
  const text = readFileSync(join(ROOT, 'docs', 'build', page), 'utf8');
  return [...text.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)].map(([, path = '', content = '']) => [path, content]);
}

/** Files that a page of docs/build writes, by path. */
export const filesOfPage = (page: string): Map<string, string> => new Map(writtenBy(page));

export function writeFiles(folder: string, files: Iterable<readonly [path: string, content: string]>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
