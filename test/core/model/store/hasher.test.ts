import { createHash } from 'node:crypto';
import { closeSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hasher } from '@assay/core/model/store/hasher';
import { expect, it, onTestFinished } from 'vitest';
import { newFolder } from '../folders.js';

/** Closes a file under the feet of who reads it. */
function closeOf(path: string): void {
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) === path) closeSync(Number(fd));
    } catch {
      // The list itself is read by one that is closed by now.
    }
  }
}

it('goes on in another thread as soon as one has failed', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const hasher = new Hasher();
  onTestFinished(() => hasher.close());
  const path = join(newFolder(), 'content');
  const content = Buffer.alloc(1024 * 1024, 'x');
  writeFileSync(path, content);
  const first = hasher.follow(path, content.length, { withGitOid: false });
  first.upTo(1000);
  await expect.poll(() => readdirSync('/proc/self/fd').some((fd) => isOpen(fd, path))).toBe(true);
  closeOf(path);
  first.upTo(content.length);
  const digests = await first.digests.catch(() => {
    const second = hasher.follow(path, content.length, { withGitOid: false });
    second.upTo(content.length);
    return second.digests;
  });
  expect(digests.sha256).toBe(createHash('sha256').update(content).digest('hex'));
});

function isOpen(fd: string, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === path;
  } catch {
    return false;
  }
}
