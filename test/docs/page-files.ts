import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../e2e/world.js';

/** Files that a page of docs/build writes, by path. */
export function filesOfPage(page: string): Map<string, string> {
  const text = readFileSync(join(ROOT, 'docs', 'build', page), 'utf8');
  return new Map(
    [...text.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)].map(([, path = '', content = '']) => [path, content]),
  );
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
