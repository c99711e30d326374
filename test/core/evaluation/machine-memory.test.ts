import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { availableMemory, outOfMemoryKills, type MemorySource } from '@assay/core/evaluation/machine-memory';
import { afterAll, describe, expect, it } from 'vitest';

const MIB = 2 ** 20;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A machine with 1000 MiB available, and these files below its control groups. */
function machine(cgroup: string, files: Readonly<Record<string, string | number>>): MemorySource {
  const folder = mkdtempSync(join(tmpdir(), 'assay-memory-'));
  folders.push(folder);
  const all = {
    'proc/meminfo': `MemTotal: 4096000 kB\nMemAvailable: ${1000 * 1024} kB\n`,
    'proc/self/cgroup': cgroup,
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`cgroups/${path}`, text])),
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }
  return { proc: join(folder, 'proc'), cgroups: join(folder, 'cgroups') };
}

const limited = (folder: string, mib: number, usedMib: number): Record<string, string | number> => ({
  [`${folder}/memory.max`]: mib * MIB,
  [`${folder}/memory.current`]: usedMib * MIB,
});

describe('availableMemory', () => {
  it.each([
    ['no limit', '0::/a', { 'a/memory.max': 'max', 'a/memory.current': 5 * MIB }, 1000],
    ['a limit of its group', '0::/a', limited('a', 140, 100), 40],
    ['a limit above it', '0::/a/b', { ...limited('a', 200, 50), ...limited('a/b', 900, 10) }, 150],
    [
      'files that the kernel can drop',
      '0::/a',
      { ...limited('a', 140, 100), 'a/memory.stat': `anon 7\ninactive_file ${30 * MIB}\n` },
      70,
    ],
    ['a group that starts at its own root', '0::/hidden/elsewhere', limited('.', 300, 100), 200],
    ['more used than allowed', '0::/a', limited('a', 100, 130), 0],
    [
      'version 1',
      '5:cpu:/x\n4:memory:/a\n0::/\n',
      { 'memory/a/memory.limit_in_bytes': 300 * MIB, 'memory/a/memory.usage_in_bytes': 100 * MIB },
      200,
    ],
  ])('%s', async (_what, cgroup, files, mib) => {
    expect(await availableMemory(machine(cgroup, files))).toBe(mib * MIB);
  });

  it('is something on this machine', async () => {
    expect(await availableMemory()).toBeGreaterThan(MIB);
  });
});

describe('outOfMemoryKills', () => {
  it.each([
    ['version 2', '0::/a', { 'a/memory.events': 'oom 4\noom_kill 3\n' }, 3],
    ['version 1', '4:memory:/a', { 'memory/a/memory.oom_control': 'under_oom 0\noom_kill 2\n' }, 2],
    ['a kernel that does not count', '4:memory:/a', { 'memory/a/memory.oom_control': 'under_oom 0\n' }, undefined],
  ])('%s', async (_what, cgroup, files, count) => {
    expect(await outOfMemoryKills(machine(cgroup, files))).toBe(count);
  });
});
