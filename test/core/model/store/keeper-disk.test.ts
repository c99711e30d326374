import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newFolder } from '../folders.js';
import { kept, model, never, whole } from './scene.js';

const KIB = 1024;

/** A file system in memory of its own; false where this user may not mount one. */
function mountMemory(directory: string, kibibytes: number): boolean {
  mkdirSync(directory, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => {
    execFileSync('umount', [directory]);
  });
  return true;
}

const bytes = whole(async function* ({ path, size }) {
  yield Buffer.alloc(size, path);
});

describe('ModelKeeper on a disk of its own', () => {
  it('says that the disk is full when it becomes so half way, and goes on when there is room again', async (context) => {
    const root = newFolder();
    if (!mountMemory(root, 1024)) context.skip('mounting needs root');
    const { keeper, fetch } = await kept({}, root);
    const others = join(root, 'others');
    const files = [{ path: 'model.safetensors', size: 600 * KIB }];
    const filling = whole(async function* ({ size }) {
      yield Buffer.alloc(100 * KIB);
      // Somebody else takes the rest but for a part of the next chunk, so that its write is a short one.
      const { bavail, bsize } = statfsSync(root);
      writeFileSync(others, Buffer.alloc(bavail * bsize - 200 * KIB));
      yield Buffer.alloc(size - 100 * KIB);
      // Whoever takes the short write for a whole one finds room for everything else.
      rmSync(others);
    });
    await expect(fetch('one', files, filling)).rejects.toMatchObject({
      code: 'STORE_FULL',
      fault: 'validator',
      retry: 'backoff',
    });
    expect(await keeper.stored(model('one'))).toBeUndefined();
    expect(readdirSync(join(root, 'drafts'))).toEqual([]);

    await expect(fetch('one', files, bytes)).rejects.toMatchObject({
      code: 'STORE_FULL',
      payload: { needed: 600 * KIB },
    });
    rmSync(others);
    await expect(fetch('one', files, bytes)).resolves.toMatchObject({ reference: model('one') });
  });

  it('keeps copies where content cannot be linked', async (context) => {
    const root = newFolder();
    if (!mountMemory(join(root, 'blobs'), 1024)) context.skip('mounting needs root');
    const { keeper, fetch } = await kept({}, root);
    const files = [{ path: 'x', size: 10 * KIB }];
    await fetch('one', files, bytes);
    const stored = await fetch('two', files, bytes);
    expect(statSync(join(stored.directory, 'x')).nlink).toBe(1);
    expect((await keeper.usage()).bytes).toBeGreaterThan(20 * KIB);
    await keeper.keep([model('two')]);
    const { removed, freedBytes } = await keeper.prune(0, never);
    expect(removed).toEqual([model('one')]);
    expect(freedBytes).toBeGreaterThan(10 * KIB);
    expect(readFileSync(join(stored.directory, 'x'))).toEqual(Buffer.alloc(10 * KIB, 'x'));
  });
});
