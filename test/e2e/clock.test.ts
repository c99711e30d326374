import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FAKETIME, SettableClock } from './faketime.js';
import { allOf, startRun } from './validator-process.js';
import { newWorld, type World } from './world.js';

const DAY = 86_400;
const TEN_YEARS = 3650 * DAY;

/** Weights every second, and everything else as often. */
const quick = (world: World): string =>
  world.configWith('quick.yaml', {
    chain: {
      use: 'local-chain',
      file: join(world.folder, 'network', 'chain.db'),
      genesis: join(world.folder, 'network', 'genesis.json'),
      blockTime: 0.05,
    },
    cadences: {
      evaluationIdle: 200,
      weights: 1000,
      weightsPoll: 100,
      weightsRetry: 300,
      metagraphSync: 500,
      modelSync: 500,
    },
  });

async function until(isThere: () => boolean, ms: number): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += 100) {
    if (isThere()) return true;
    await delay(100);
  }
  return isThere();
}

describe.skipIf(FAKETIME === undefined)('the wall clock of the machine (skipped without the package faketime)', () => {
  it.each([
    ['a day ahead', DAY],
    ['ten years ahead', TEN_YEARS],
    ['a day behind', -DAY],
  ])('%s, and right after a restart: weights go on', { timeout: 180_000 }, async (_how, seconds) => {
    const world = newWorld();
    const config = quick(world);
    const clock = new SettableClock(join(world.folder, 'clock'));
    clock.set(seconds);
    const first = startRun(['--config', config], { env: clock.environment });
    await first.saw('weights-set');
    first.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);

    clock.set(0);
    const second = startRun(['--config', config], { env: clock.environment });
    await second.saw('run-started');
    expect(await until(() => allOf(second.events, 'weights-set').length > 0, 60_000)).toBe(true);
    second.kill('SIGTERM');
    await second.ended;
    const codes = allOf(second.events, 'warning').map(({ error }) => error.code);
    expect(codes).toEqual(seconds > 0 ? ['CLOCK_BEHIND_JOURNAL'] : []);
  });

  it.each([
    ['forward', TEN_YEARS],
    ['back', -DAY],
  ])('set %s while the validator runs: it goes on and says so', { timeout: 180_000 }, async (_how, seconds) => {
    const world = newWorld();
    const clock = new SettableClock(join(world.folder, 'clock'));
    const run = startRun(['--config', quick(world)], { env: clock.environment });
    await run.saw('weights-set');
    const block = Math.max(...allOf(run.events, 'metagraph-synced').map((event) => event.block));
    clock.set(seconds);
    const before = {
      weights: allOf(run.events, 'weights-set').length,
      syncs: allOf(run.events, 'metagraph-synced').length,
    };
    await run.saw('warning');
    expect(await until(() => allOf(run.events, 'weights-set').length > before.weights + 2, 60_000)).toBe(true);
    run.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
    expect(allOf(run.events, 'warning').map(({ error }) => error.code)).toEqual(['CLOCK_JUMPED']);
    expect(allOf(run.events, 'metagraph-synced').length).toBeGreaterThan(before.syncs);
    // At 20 blocks a second, a leap of the clock would be millions.
    expect(Math.max(...allOf(run.events, 'metagraph-synced').map((event) => event.block)) - block).toBeLessThan(2000);
  });
});
