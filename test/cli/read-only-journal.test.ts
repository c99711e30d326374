import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '@assay/plugin-libsql-journal';
import { afterAll, describe, expect, it } from 'vitest';
import { newFolder } from '../e2e/world.js';

const mounted: string[] = [];
const mount = (folder: string): boolean => spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status === 0;

/** Only root may mount, and not in every container. */
const CAN_MOUNT = ((): boolean => {
  const folder = newFolder();
  const isMounted = mount(folder);
  if (isMounted) spawnSync('umount', [folder]);
  return isMounted;
})();

afterAll(() => {
  for (const folder of mounted) spawnSync('umount', ['-l', folder]);
});

/** A file system in memory with a journal of two rounds, of which one may be in the write-ahead log alone. */
async function readOnlyJournal(withLog: boolean): Promise<string> {
  const [source, folder] = [newFolder(), join(newFolder(), 'mount')];
  mkdirSync(folder);
  const journal = openJournal({ folder: source, mode: 'write' });
  await journal.commit({ append: { entry: 1 } });
  await journal.commit({ append: { entry: 2 } });
  if (!withLog) await journal.close();
  expect(mount(folder)).toBe(true);
  mounted.push(folder);
  for (const end of withLog ? ['', '-wal'] : [''])
    copyFileSync(join(source, `journal.db${end}`), join(folder, `journal.db${end}`));
  expect(spawnSync('mount', ['-o', 'remount,ro', folder]).status).toBe(0);
  return folder;
}

describe.skipIf(!CAN_MOUNT)('a journal on a read-only file system (skipped where nothing can be mounted)', () => {
  it.each([
    ['closed', false],
    ['of a process that was killed', true],
  ])('%s is read', async (_how, withLog) => {
    const folder = await readOnlyJournal(withLog);
    const journal = openJournal({ folder, mode: 'read' });
    expect(journal.records(5).map(({ entry }) => entry)).toEqual([2, 1]);
    await journal.close();
  });
});
