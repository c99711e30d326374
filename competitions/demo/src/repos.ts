import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODELS } from './competitions.js';
import type { RepoChange, RepoFiles } from './hostile-repos.js';

/** Files of a trained model that are not part of what a miner would publish. */
const NOT_PUBLISHED = new Set(['golden.json']);

/** The one revision of a repo of the demo. */
export const revisionOf = (repo: string): string => createHash('sha1').update(repo).digest('hex');

/** @param model a folder of assets/models */
export async function filesOf({ model, change }: { model: string; change?: RepoChange }): Promise<RepoFiles> {
  const folder = join(MODELS, model);
  const files: RepoFiles = new Map();
  for (const name of (await readdir(folder)).sort()) {
    if (!NOT_PUBLISHED.has(name)) files.set(name, await readFile(join(folder, name)));
  }
  change?.(files);
  return files;
}

/** @param repos the folder of all repos */
export async function writeRepo(repos: string, repo: string, files: RepoFiles): Promise<void> {
  const folder = join(repos, repo, revisionOf(repo));
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) await writeFile(join(folder, name), content);
}
