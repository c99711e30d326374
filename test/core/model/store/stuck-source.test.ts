import { describe, expect, it } from 'vitest';
import { kept, texts, type Open } from './scene.js';

const FILES = [{ path: 'config.json', size: 4 }];
const forever = new Promise<never>(() => undefined);

/** Sources that do not heed the signal. */
const STUCK: Readonly<Record<string, Open>> = {
  'never opens': () => forever,
  'never gives a byte': () =>
    Promise.resolve({ start: 0, bytes: { [Symbol.asyncIterator]: () => ({ next: () => forever }) } }),
  'never lets go': () =>
    Promise.resolve({
      start: 0,
      bytes: {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false as const, value: Buffer.from('abcd') }),
          return: () => forever,
        }),
      },
    }),
};

describe('a source that does not heed its signal', () => {
  it.each(Object.entries(STUCK))('%s: the fetch ends, and others have its place', async (_name, open) => {
    const { fetch } = await kept({ filesAtOnce: 1, rangesAtOnce: 1 });
    const stop = new AbortController();
    const stuck = fetch('one', FILES, open, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort();
    await expect(Promise.race([stuck, new Promise((resolve) => setTimeout(resolve, 2000))])).rejects.toThrow();
    const stored = await fetch('one', FILES, texts({ 'config.json': 'good' }));
    expect(stored.files).toHaveLength(1);
  });
});
