import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RepoFile } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { kept, model, whole, type Open } from './scene.js';

const MIB = 1024 ** 2;

const contentOf = ({ path, size }: RepoFile): Buffer => Buffer.alloc(size, path);
const bytes = whole(async function* (file) {
  yield contentOf(file);
});
const file = (path: string, size: number): RepoFile => {
  const sha256 = createHash('sha256').update(contentOf({ path, size })).digest('hex');
  return { path, size, sha256 };
};
const cut = (path: string): Open =>
  whole(async function* (one) {
    if (one.path === path) throw storeErrors.SOURCE_UNREACHABLE({ what: path, reason: 'it was cut' });
    yield contentOf(one);
  });

describe('the room of a store', () => {
  it('is not made at the cost of what the same fetch has brought before', async () => {
    const { keeper, fetch, root } = await kept({ maxBytes: 10 * MIB, attempts: 1, filesAtOnce: 1 });
    const [first, second] = [file('a', 4 * MIB), file('b', 2 * MIB)];
    await expect(fetch('half', [first, second], cut('b'))).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await fetch('old', [file('c', 5 * MIB)], bytes);
    const asked: string[] = [];
    await fetch('half', [first, second], (one, range, signal) => {
      asked.push(one.path);
      return bytes(one, range, signal);
    });
    expect(asked).toEqual(['b']);
    expect(existsSync(join(root, 'models/miner/old'))).toBe(false);
    expect((await keeper.usage()).bytes).toBeLessThan(10 * MIB);
  });

  it('is promised for what another fetch was to bring', async () => {
    const { keeper, fetch } = await kept({ maxBytes: 6 * MIB, attempts: 1 });
    const shared = file('shared', 4 * MIB);
    let fail: (() => void) | undefined;
    const stuck = whole(async function* () {
      await new Promise<void>((resolve) => (fail = resolve));
      throw storeErrors.SOURCE_UNREACHABLE({ what: 'it', reason: 'it was cut' });
    });
    const one = fetch('one', [shared], stuck);
    await expect.poll(() => fail).toBeDefined();
    const most: number[] = [];
    const watching: Open = async (wanted, range, signal) => {
      most.push((await keeper.usage()).freeBytes);
      return bytes(wanted, range, signal);
    };
    const two = fetch('two', [shared], watching);
    await new Promise((resolve) => setTimeout(resolve, 50));
    fail?.();
    await expect(one).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await two;
    expect(most[0]).toBeLessThanOrEqual(2 * MIB);
  });

  it('takes nothing from others for what does not fit anyway', async () => {
    const { keeper, fetch } = await kept({ maxBytes: 10 * MIB });
    await fetch('held', [file('h', 4 * MIB)], bytes);
    await keeper.keep([model('held')]);
    await fetch('free', [file('f', 4 * MIB)], bytes);
    await expect(fetch('large', [file('l', 8 * MIB)], bytes)).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await keeper.stored(model('free'))).toBeDefined();
    await fetch('fits', [file('l', 5 * MIB)], bytes);
    expect(await keeper.stored(model('free'))).toBeUndefined();
  });
});
