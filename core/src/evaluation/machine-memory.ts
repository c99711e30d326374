import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

/** Where Linux shows memory and control groups; another folder in tests. */
export interface MemorySource {
  proc: string;
  cgroups: string;
}

const LINUX: MemorySource = { proc: '/proc', cgroups: '/sys/fs/cgroup' };

interface GroupFiles {
  limit: string;
  usage: string;
  /** Line of `memory.stat` with the bytes of files that the kernel can drop. */
  reclaimable: RegExp;
  kills: string;
}

const VERSION_2: GroupFiles = {
  limit: 'memory.max',
  usage: 'memory.current',
  reclaimable: /^inactive_file (\d+)$/m,
  kills: 'memory.events',
};
const VERSION_1: GroupFiles = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: /^total_inactive_file (\d+)$/m,
  kills: 'memory.oom_control',
};

/**
 * Bytes that a process started now could allocate: what the machine has available, or less where a control group of this
 * process, or one above it, allows less.
 */
export async function availableMemory(source: MemorySource = LINUX): Promise<number> {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await read(join(source.proc, 'meminfo')))?.[1];
  const machine = kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  const groups = await Promise.all((await ownGroups(source)).map(({ folder, files }) => availableIn(folder, files)));
  return Math.min(machine, ...groups.flatMap((bytes) => bytes ?? []));
}

/**
 * How many processes of this process's control group the kernel has killed for lack of memory so far; undefined where
 * the kernel does not count them.
 */
export async function outOfMemoryKills(source: MemorySource = LINUX): Promise<number | undefined> {
  for (const { folder, files } of await ownGroups(source)) {
    const count = /^oom_kill (\d+)$/m.exec(await read(join(folder, files.kills)))?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

async function availableIn(folder: string, files: GroupFiles): Promise<number | undefined> {
  const [limit, usage] = await Promise.all([read(join(folder, files.limit)), read(join(folder, files.usage))]);
  if (!/^\d+\s*$/.test(limit) || !/^\d+\s*$/.test(usage)) return undefined;
  const reclaimable = files.reclaimable.exec(await read(join(folder, 'memory.stat')))?.[1] ?? '0';
  return Math.max(0, Number(limit) - Number(usage) + Number(reclaimable));
}

/** The control groups that hold this process, innermost first. In a container the path may start at its own root. */
async function ownGroups({ proc, cgroups }: MemorySource): Promise<{ folder: string; files: GroupFiles }[]> {
  const lines = (await read(join(proc, 'self', 'cgroup'))).split('\n');
  return lines.flatMap((line) => {
    const [, controllers = '', path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return foldersUp(cgroups, path).map((folder) => ({ folder, files: VERSION_2 }));
    if (!controllers.split(',').includes('memory')) return [];
    return foldersUp(join(cgroups, 'memory'), path).map((folder) => ({ folder, files: VERSION_1 }));
  });
}

function foldersUp(root: string, path: string): string[] {
  const folders: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    folders.push(join(root, at));
    if (at === '/' || at === '.') return folders;
  }
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
