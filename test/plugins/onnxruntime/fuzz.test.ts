import { expect, it } from 'vitest';
import { Attack } from '../../fuzz/attack.js';

const TRIES = 150;

it(`${TRIES} spoiled folders end in losses or a miner's fault`, { timeout: 180_000 }, async () => {
  const attack = await Attack.init();
  try {
    for (let seed = 1; seed <= TRIES; seed += 1) expect(await attack.once(seed), `seed ${seed}`).toBeUndefined();
  } finally {
    await attack.close();
  }
});
