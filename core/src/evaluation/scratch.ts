import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the scratch folders of a validator are. */
export const scratchFolderIn = (dataDir: string): string => join(dataDir, 'scratch');

/** Folders of this process that are in use. */
const inUse = new Set<string>();

/**
 * Runs `work` with an empty folder of its own below `parent`, and removes it afterwards. Folders of processes that died
 * meanwhile are removed as well.
 */
export async function withScratch<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  await removeLeftOvers(parent);
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const folder = join(parent, name);
  inUse.add(name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await work(folder);
  } finally {
    inUse.delete(name);
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeLeftOvers(parent: string): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  const left = names.filter((name) => {
    const pid = /^(\d+)-[0-9a-f]{12}$/.exec(name)?.[1];
    if (pid === undefined || inUse.has(name)) return false;
    return Number(pid) === process.pid || !isAlive(Number(pid));
  });
  await Promise.all(left.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
