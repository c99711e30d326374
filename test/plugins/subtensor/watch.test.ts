import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AwakeClock } from '@assay/plugin-subtensor/dist/rpc/awake-clock.js';
import { HeadWatch } from '@assay/plugin-subtensor/dist/rpc/head-watch.js';
import { doubtAbout, isOutvoted, isPossibleHead, lagOf } from '@assay/plugin-subtensor/dist/rpc/heads.js';
import {
  headOf,
  inUse,
  keepAdvancing,
  openLink,
  startBehindProxy,
  startChain,
  until,
  type Line,
} from './scripted-link.js';

/** Long enough for a busy machine, and short enough to see 25 of them. */
const BLOCK_MS = 100;

const alarms = (log: readonly Line[]): Line[] => log.filter(({ level }) => level === 'error');
const stalls = (require: () => void): boolean => {
  try {
    require();
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'CHAIN_STALLED', fault: 'network', retry: 'backoff' });
    return true;
  }
};

describe('blocks that do not arrive', () => {
  it('cost the connection after five block times, then the endpoint', async () => {
    const stuck = await startBehindProxy({ firstBlock: 1000 });
    const good = await startChain({ firstBlock: 1000 });
    const { link, log } = openLink([stuck.proxy.url, good.url], { blockTimeMs: 3 * BLOCK_MS });
    keepAdvancing(good, BLOCK_MS);
    const began = performance.now();
    await headOf(link);
    await until(() => stuck.proxy.accepted >= 2);
    expect(performance.now() - began).toBeGreaterThan(14 * BLOCK_MS);
    expect(inUse(link)).not.toBe(1);
    await until(() => inUse(link) === 1);
    expect(performance.now() - began).toBeGreaterThan(28 * BLOCK_MS);
    const { accepted } = stuck.proxy;
    await sleep(30 * BLOCK_MS);
    expect(alarms(log)).toEqual([]);
    expect(inUse(link)).toBe(1);
    expect(stuck.proxy.accepted).toBe(accepted);
  });

  it('are not expected again from a node that tells its old head over and over', async () => {
    const [stuck, good] = [await startChain({ firstBlock: 1000 }), await startChain({ firstBlock: 1000 })];
    const { link } = openLink([stuck.url, good.url], { blockTimeMs: BLOCK_MS, compareMs: 3 * BLOCK_MS });
    keepAdvancing(good, BLOCK_MS);
    // So that the good one is never more than a few blocks ahead.
    good.lag = 5;
    await headOf(link);
    await until(() => inUse(link) === 1);
    for (let count = 0; count < 8; count += 1) {
      await sleep(BLOCK_MS / 2);
      expect(inUse(link)).toBe(1);
    }
    expect(link.endpoints[0]?.trouble).toMatch(/stands still at block 1000/);
    stuck.advance(good.head - 1000);
    keepAdvancing(stuck, BLOCK_MS);
    await until(() => inUse(link) === 0);
  });

  it('raise the alarm after 25 block times, and a block ends it', async () => {
    const chain = await startChain();
    const { link, log } = openLink([chain.url], { blockTimeMs: BLOCK_MS });
    const began = performance.now();
    await headOf(link);
    await until(() => alarms(log).length > 0);
    expect(performance.now() - began).toBeGreaterThan(24 * BLOCK_MS);
    expect(
      stalls(() => {
        link.requireBlocks();
      }),
    ).toBe(true);
    expect(link.sinceHeadMs).toBeGreaterThan(24 * BLOCK_MS);
    await sleep(8 * BLOCK_MS);
    // A node that stands still tells its head to each new connection, which is no new block.
    expect(log.some(({ message }) => message === 'a block has come again')).toBe(false);
    // Reading goes on: only whoever needs the present is told.
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
    chain.advance();
    await until(() => log.some(({ message }) => message === 'a block has come again'));
    expect(
      stalls(() => {
        link.requireBlocks();
      }),
    ).toBe(false);
    expect(link.sinceHeadMs).toBeLessThan(10 * BLOCK_MS);
  });

  it('raise the alarm when no endpoint can be reached, also from the start', async () => {
    const { link, log } = openLink(['ws://127.0.0.1:1'], { blockTimeMs: BLOCK_MS, callMs: 300 });
    await headOf(link).catch(() => undefined);
    await until(() => alarms(log).length > 1);
    expect(
      stalls(() => {
        link.requireBlocks();
      }),
    ).toBe(true);
  });

  it('go on through both endpoints of a chain that has halted, and end when it lives', async () => {
    const chains = [await startBehindProxy(), await startBehindProxy()];
    const { link } = openLink(
      chains.map(({ proxy }) => proxy.url),
      { blockTimeMs: BLOCK_MS, callMs: 1500 },
    );
    await headOf(link);
    await until(() => chains.every(({ proxy }) => proxy.accepted >= 3), 20_000);
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
    for (const { chain } of chains) keepAdvancing(chain, BLOCK_MS);
    await until(() => link.sinceHeadMs < 3 * BLOCK_MS);
    const before = chains.map(({ proxy }) => proxy.accepted);
    await sleep(10 * BLOCK_MS);
    expect(chains.map(({ proxy }) => proxy.accepted)).toEqual(before);
  });

  it('are found again by themselves, although nobody calls', async () => {
    const { chain, proxy } = await startBehindProxy();
    const { link } = openLink([proxy.url], { blockTimeMs: BLOCK_MS });
    keepAdvancing(chain, BLOCK_MS);
    await headOf(link);
    await proxy.apply({ kind: 'freeze', directions: ['up', 'down'] });
    await sleep(600);
    await proxy.heal();
    await until(() => inUse(link) === 0 && link.sinceHeadMs < 3 * BLOCK_MS);
  });
});

describe('HeadWatch', () => {
  /** A watch of blocks of one second, and its clock. */
  function watched(): { watch: HeadWatch; pass: (ms: number) => void } {
    let now = 0;
    const watch = new HeadWatch(1000, { now: () => now });
    watch.begin();
    return {
      watch,
      pass: (ms) => {
        now += ms;
      },
    };
  }

  it.each<[name: string, heads: (number | 'connect')[], counted: boolean[]]>([
    ['rising heads count', [1, 2, 3], [true, true, true]],
    ['the same head does not', [1, 1, 1], [true, false, false]],
    ['lower ones of a reorg do not', [5, 4, 5, 6], [true, false, false, true]],
    ['the old head over a new connection does not', [5, 'connect', 5], [true, false]],
    ['a node that is behind counts from its second head on', [5, 'connect', 3, 4], [true, false, true]],
    ['after an absurd head others still count', [4_000_000_000, 'connect', 3, 4], [true, false, true]],
  ])('%s', (_name, heads, counted) => {
    const { watch } = watched();
    const found: boolean[] = [];
    for (const head of heads)
      if (head === 'connect') watch.begin();
      else found.push(watch.head(head));
    expect(found).toEqual(counted);
  });

  it('is overdue once for each five block times, and stalled after 25', () => {
    const { watch, pass } = watched();
    const overdue: number[] = [];
    for (let second = 1; second <= 25; second += 1) {
      pass(1000);
      expect(watch.isStalled).toBe(second >= 25);
      if (watch.isOverdue()) overdue.push(second);
    }
    expect(overdue).toEqual([5, 10, 15, 20, 25]);
    watch.head(1);
    expect([watch.isStalled, watch.isOverdue(), watch.rescues]).toEqual([false, false, 0]);
  });
});

describe('AwakeClock', () => {
  it('counts the time for which the process has run, and not the time for which it was stopped', () => {
    let real = 1000;
    const clock = new AwakeClock(() => real);
    const start = clock.now();
    for (let second = 0; second < 10; second += 1) {
      real += 1000;
      clock.now();
    }
    real += 3_600_000;
    expect(clock.now() - start).toBe(10_000);
    real += 500;
    expect(clock.now() - start).toBe(10_500);
  });
});

describe('heads of several endpoints', () => {
  it.each<[name: string, head: number, others: number[], lag: number, isOutvoted: boolean]>([
    ['alone', 100, [], 0, false],
    ['equal', 100, [100], 0, false],
    ['ahead', 100, [50, 60], 0, false],
    ['a little behind', 100, [105, 90], 5, false],
    ['far behind', 100, [1100], 1000, false],
    ['a day behind', 100, [7300], 7200, false],
    ['two that contradict each other', 100, [1_000_000], 0, false],
    ['the other side of it', 1_000_000, [100], 0, false],
    ['one liar beside a good one', 100, [1_000_000, 112], 12, false],
    ['very far behind two that agree', 100, [1_000_000, 1_000_003], 1_000_003 - 100, false],
    ['the liar itself', 1_000_000, [100, 112], 0, true],
  ])('%s', (_name, head, others, lag, outvoted) => {
    expect(lagOf(head, others)).toBe(lag);
    expect(isOutvoted(head, others)).toBe(outvoted);
    expect(doubtAbout(head, others) !== undefined).toBe(lag > 10 || outvoted);
  });

  it('finney fits in the time since 2020, and four billion blocks do not', () => {
    expect(isPossibleHead(9_243_029)).toBe(true);
    expect(isPossibleHead(0xffff_ffff)).toBe(false);
  });
});
