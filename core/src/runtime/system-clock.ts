import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../contracts/clock.js';
import { abortError } from '../errors/describe.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      throw abortError();
    }
  },
};
