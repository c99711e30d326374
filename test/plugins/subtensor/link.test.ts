import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { toAssayError } from '@assay/core/errors/describe';
import { RpcError } from '../../json-rpc-server.js';
import type { Fault } from '../../chain-proxy.js';
import { FRAME_FAULT_NAMES } from '../../frame-faults.js';
import { errorOf } from '../../error-of.js';
import {
  atEnd,
  headOf,
  inUse,
  keepAdvancing,
  never,
  openLink,
  startBehindProxy,
  startChain,
  until,
} from './scripted-link.js';

/** A method that the node answers never. */
const HANGS = 'test_hangs';
const hanging = (method: string): unknown => (method === HANGS ? new Promise(() => undefined) : undefined);

describe('calls', () => {
  it('connect by themselves, and are answered', async () => {
    const chain = await startChain();
    const { link, log } = openLink([chain.url]);
    expect(link.endpoints).toEqual([{ endpoint: chain.url, inUse: false, head: null, trouble: null }]);
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
    expect(link.endpoints).toEqual([{ endpoint: chain.url, inUse: true, head: 1, trouble: null }]);
    expect(link.genesis).toBe(chain.blocks.genesisHash);
    expect(log.map(({ level }) => level)).toEqual(['info']);
  });

  it('share one connection, however many begin at once', async () => {
    const { proxy } = await startBehindProxy();
    const { link } = openLink([proxy.url]);
    await Promise.all(Array.from({ length: 50 }, () => headOf(link)));
    expect(proxy.accepted).toBe(1);
  });

  it('end by their deadline with the name of method and endpoint, and the connection is made anew', async () => {
    const { chain, proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url], { callMs: 1200, silenceMs: 5000 });
    await headOf(link);
    const began = performance.now();
    const error = await errorOf(link.call(HANGS, [], never()));
    expect(performance.now() - began).toBeLessThan(2500);
    expect(error).toMatchObject({ code: 'CALL_DEADLINE', payload: { method: HANGS, endpoint: proxy.url, ms: 1200 } });
    await headOf(link);
    expect(proxy.accepted).toBe(2);
    expect(chain.server.connections).toBe(1);
  });

  it('have one deadline for all attempts together', async () => {
    const { proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url], { callMs: 1500 });
    await headOf(link);
    const began = performance.now();
    const dropping = setInterval(() => void proxy.apply({ kind: 'drop' }), 300);
    atEnd(() => {
      clearInterval(dropping);
    });
    const error = await errorOf(link.call(HANGS, [], never()));
    expect(error.fault).toBe('network');
    expect(performance.now() - began).toBeLessThan(2500);
  });

  it('end after so many rounds over all endpoints where somebody waits before a terminal', async () => {
    const { proxy } = await startBehindProxy();
    await proxy.apply({ kind: 'refuse' });
    const nobody = 'ws://127.0.0.1:9';
    const { link } = openLink([proxy.url, nobody], { callMs: 60_000, rounds: 2 });
    const error = await errorOf(headOf(link));
    expect(error.code).toBe('ENDPOINTS_UNREACHABLE');
    expect(error.message).toContain(proxy.url);
    expect(error.message).toContain(nobody);
    await proxy.heal();
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
  });

  it('do not end a connection that is newer than half of their deadline', async () => {
    const { proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url], { callMs: 2000, silenceMs: 10_000 });
    await headOf(link);
    const hangs = errorOf(link.call(HANGS, [], never()));
    await sleep(1200);
    await proxy.apply({ kind: 'drop' });
    expect((await hangs).code).toBe('CALL_DEADLINE');
    await headOf(link);
    expect(proxy.accepted).toBe(2);
  });

  it.each<[name: string, fault: Fault]>([
    ['dropped', { kind: 'drop' }],
    ['frozen', { kind: 'freeze', directions: ['up', 'down'] }],
    ['frozen on its way back', { kind: 'freeze', directions: ['down'] }],
    ['frozen on its way there', { kind: 'freeze', directions: ['up'] }],
    ['half-closed by the node', { kind: 'half-close', side: 'client' }],
    ['half-closed to the node', { kind: 'half-close', side: 'node' }],
  ])(
    'are repeated over the next connection when theirs is %s, and those that may not be are not',
    async (_name, fault) => {
      const { chain, proxy } = await startBehindProxy();
      const { link } = openLink([proxy.url], { callMs: 8000 });
      await headOf(link);
      await proxy.apply({ kind: 'delay', ms: 100 });
      const reading = headOf(link);
      const submitting = link.call('author_submit', [], never(), false);
      submitting.catch(() => undefined);
      await proxy.apply(fault);
      setTimeout(() => void proxy.heal(), 900);
      expect(await reading).toMatchObject({ number: '0x1' });
      // It is either refused by the node, which has no such method, or lost, and never sent twice.
      expect(['ENDPOINT_LOST', 'CALL_REFUSED']).toContain((await errorOf(submitting)).code);
      expect(chain.asked.get('author_submit') ?? 0).toBeLessThanOrEqual(1);
    },
  );

  it('tell a submission that its connection was lost, whatever ended it', async () => {
    const { proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url], { callMs: 600, silenceMs: 5000 });
    await headOf(link);
    const hangs = errorOf(link.call('test_hangs', [], never()));
    await sleep(100);
    const submission = errorOf(link.call('test_hangs', [1], never(), false));
    expect((await hangs).code).toBe('CALL_DEADLINE');
    expect((await submission).code).toBe('ENDPOINT_LOST');
  });

  it('make the connection anew after three refusals in a row, and not for methods that are not served', async () => {
    const { proxy } = await startBehindProxy({
      instead: (method) => {
        if (method === 'test_refuses') throw new RpcError(-32005, 'rate limit');
        return undefined;
      },
    });
    const { link } = openLink([proxy.url]);
    await headOf(link);
    for (let count = 0; count < 5; count += 1)
      expect((await errorOf(link.call('no_such', [], never()))).payload['code']).toBe(-32_601);
    expect(proxy.accepted).toBe(1);
    for (let count = 0; count < 3; count += 1) await errorOf(link.call('test_refuses', [], never()));
    await headOf(link);
    expect(proxy.accepted).toBe(2);
  });

  it('make it anew after three answers that could not be used, with good ones between them', async () => {
    const { proxy } = await startBehindProxy();
    const { link } = openLink([proxy.url]);
    for (let count = 0; count < 3; count += 1) {
      await headOf(link);
      link.complain(new Error('garbled'));
    }
    await headOf(link);
    expect(proxy.accepted).toBe(2);
  });

  it('are ended by their signals with ABORTED, and count for nothing', async () => {
    const { proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url]);
    await headOf(link);
    for (let count = 0; count < 5; count += 1) {
      const controller = new AbortController();
      const call = errorOf(link.call(HANGS, [], controller.signal));
      controller.abort();
      expect((await call).code).toBe('ABORTED');
      expect((await errorOf(link.call(HANGS, [], controller.signal))).code).toBe('ABORTED');
    }
    await headOf(link);
    expect(proxy.accepted).toBe(1);
  });

  it('leave no listener at a signal that lives long, and hundreds at once warn of no leak', async () => {
    const chain = await startChain();
    const { link } = openLink([chain.url]);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    atEnd(() => process.off('warning', onWarning));
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 300 }, () => link.call('chain_getHeader', [], signal)));
    await sleep(20);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(getEventListeners(link.closing, 'abort')).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('endpoints that can not be used', () => {
  it.each<[name: string, fault: Fault, trouble: RegExp]>([
    ['refuses', { kind: 'refuse' }, /ECONNREFUSED/],
    ['accepts and says nothing', { kind: 'silent' }, /did not answer/],
    ['answers 429', { kind: 'status', status: 429 }, /HTTP 429/],
    ['answers 502', { kind: 'status', status: 502 }, /HTTP 502/],
    ['redirects', { kind: 'status', status: 301 }, /HTTP 301/],
    ['sends no JSON', { kind: 'frames', how: 'truncate', direction: 'down', share: 1 }, /not JSON-RPC/],
    ['never answers', { kind: 'frames', how: 'lose', direction: 'down', share: 1 }, /did not answer/],
  ])('one that %s is passed over, and returned to when it is well', async (_name, fault, trouble) => {
    const { proxy } = await startBehindProxy();
    const other = await startChain();
    const { link } = openLink([proxy.url, other.url], { compareMs: 300, callMs: 5000 });
    await proxy.apply(fault);
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
    expect(inUse(link)).toBe(1);
    expect(link.endpoints[0]?.trouble).toMatch(trouble);
    await proxy.heal();
    await until(() => inUse(link) === 0);
    expect(link.endpoints.map((endpoint) => endpoint.trouble)).toEqual([null, null]);
  });

  it('end a call by its deadline with the trouble of each', async () => {
    const { proxy } = await startBehindProxy();
    const { link } = openLink([proxy.url, 'ws://127.0.0.1:1'], { callMs: 1500 });
    await proxy.apply({ kind: 'status', status: 502 });
    const error = await errorOf(headOf(link));
    expect(error).toMatchObject({ code: 'ENDPOINTS_UNREACHABLE', fault: 'network' });
    expect(error.message).toMatch(/HTTP 502.*ECONNREFUSED/);
  });

  it('are tried with waits that grow', async () => {
    const { proxy } = await startBehindProxy();
    await proxy.apply({ kind: 'status', status: 503 });
    const { link } = openLink([proxy.url], { callMs: 6000 });
    await errorOf(headOf(link));
    // At 0, 0.5, 1.5, 3.5 and 5.5 s, and up to a fifth later each.
    expect([4, 5]).toContain(proxy.accepted);
  });

  it('are tried again within a third of the deadline, however long they have failed', async () => {
    const { proxy } = await startBehindProxy();
    await proxy.apply({ kind: 'status', status: 503 });
    const { link } = openLink([proxy.url], { callMs: 1200 });
    for (let count = 0; count < 4; count += 1) await errorOf(headOf(link));
    await proxy.heal();
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
  });

  it('are not called without a wait when they accept and drop', async () => {
    const { chain, proxy } = await startBehindProxy();
    const { link } = openLink([proxy.url], { blockTimeMs: 200, callMs: 4000 });
    await headOf(link);
    const dropping = setInterval(() => void proxy.apply({ kind: 'drop' }), 5);
    await sleep(3000);
    clearInterval(dropping);
    expect(proxy.accepted).toBeLessThan(12);
    chain.advance();
    await headOf(link);
  });
});

describe('another chain', () => {
  it('ends calls at once when every endpoint belongs to it', async () => {
    const chain = await startChain();
    const { link } = openLink([chain.url], { callMs: 30_000, genesis: `0x${'11'.repeat(32)}` });
    const began = performance.now();
    for (let count = 0; count < 3; count += 1)
      expect(await errorOf(headOf(link))).toMatchObject({ code: 'GENESIS_DIFFERENT', fault: 'config', retry: 'never' });
    expect(performance.now() - began).toBeLessThan(3000);
    expect(link.endpoints[0]?.trouble).toMatch(/another chain/);
  });

  it('is passed over while another endpoint belongs to the right one', async () => {
    const [foreign, right] = [await startChain({ name: 'foreign' }), await startChain()];
    const { link } = openLink([foreign.url, right.url], { genesis: right.blocks.genesisHash, compareMs: 200 });
    await headOf(link);
    await sleep(700);
    expect(inUse(link)).toBe(1);
    expect(link.endpoints[0]).toMatchObject({ trouble: expect.stringMatching(/another chain/) as string });
  });

  it.each(['once', 'for one endpoint'])('is not concluded from one spoilt answer (%s)', async (when) => {
    let spoilt = 0;
    const chain = await startChain({
      instead: (method, params) => {
        if (method !== 'chain_getBlockHash' || params[0] !== 0 || spoilt > 0) return undefined;
        spoilt += 1;
        return `0x${'22'.repeat(32)}`;
      },
    });
    const genesis = when === 'once' ? undefined : chain.blocks.genesisHash;
    const { link } = openLink([chain.url], { genesis });
    expect(await headOf(link)).toMatchObject({ number: '0x1' });
    expect(link.genesis).toBe(chain.blocks.genesisHash);
    expect(spoilt).toBe(1);
  });
});

describe('nodes that are behind', () => {
  it('one that is syncing is not used', async () => {
    const [first, second] = [await startChain(), await startChain()];
    first.syncing = true;
    const { link } = openLink([first.url, second.url], { compareMs: 200 });
    await headOf(link);
    expect(inUse(link)).toBe(1);
    expect(link.endpoints[0]?.trouble).toMatch(/syncing/);
    first.syncing = false;
    await until(() => inUse(link) === 0);
  });

  it.each([
    [10, 0],
    [11, 1],
    [500, 1],
  ])('one that is %i blocks behind: endpoint %i is used', async (lag, used) => {
    const [first, second] = [await startChain({ firstBlock: 1000 }), await startChain({ firstBlock: 1000 })];
    second.advance(lag);
    const { link } = openLink([first.url, second.url], { compareMs: 200 });
    await headOf(link);
    await sleep(600);
    await until(() => inUse(link) === used);
    if (used === 1) expect(link.endpoints[0]?.trouble).toMatch(new RegExp(`${lag} blocks behind`));
  });

  it.each<[name: string, head: number]>([
    ['the largest number that the script can write', 2 ** 30 - 1000],
    ['a number that no chain can have', 900_000_000],
    ['a million too many', 1_001_000],
  ])('an endpoint that lies about its head does not make the good ones unusable: %s', async (_name, firstBlock) => {
    const liar = await startChain({ firstBlock });
    const good = await startChain({ firstBlock: 1000 });
    const { link } = openLink([good.url, liar.url], { compareMs: 100, blockTimeMs: 300, callMs: 3000 });
    keepAdvancing(good, 100);
    for (let count = 0; count < 30; count += 1) {
      expect(await headOf(link)).not.toBeNull();
      await sleep(50);
    }
    expect(inUse(link)).toBe(0);
    expect(link.endpoints[0]?.trouble).toBeNull();
  });

  it('a liar that is preferred is left when two others agree', async () => {
    const liar = await startChain({ firstBlock: 1_001_000 });
    const good = [await startChain({ firstBlock: 1000 }), await startChain({ firstBlock: 1000 })];
    const { link } = openLink([liar.url, ...good.map(({ url }) => url)], { compareMs: 100 });
    keepAdvancing(liar, 50);
    for (const chain of good) keepAdvancing(chain, 100);
    await headOf(link);
    await until(() => inUse(link) === 1);
    await sleep(500);
    expect(inUse(link)).toBe(1);
    expect(link.endpoints[0]?.trouble).toMatch(/no other endpoint/);
  });

  it('of two, one that lies and stands still is left, and not returned to', async () => {
    const liar = await startChain({ firstBlock: 1_001_000 });
    const good = await startChain({ firstBlock: 1000 });
    keepAdvancing(good, 50);
    const { link } = openLink([liar.url, good.url], { compareMs: 200, blockTimeMs: 100 });
    await headOf(link);
    await until(() => inUse(link) === 1);
    await sleep(1000);
    expect(inUse(link)).toBe(1);
    liar.advance();
    await until(() => inUse(link) === 0);
  });
});

describe('every fault of frames', () => {
  it.each(FRAME_FAULT_NAMES.flatMap((how) => (['up', 'down'] as const).map((direction) => [how, direction] as const)))(
    '%s %s: calls end in time with an answer or a coded error, and the link works again',
    async (how, direction) => {
      const { proxy } = await startBehindProxy();
      const { link } = openLink([proxy.url], { callMs: 500, silenceMs: 300, openMs: 300 });
      await headOf(link);
      await proxy.apply({ kind: 'frames', how, direction, share: 1 });
      const began = performance.now();
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => headOf(link).then(() => 'answered', toAssayError)),
      );
      expect(performance.now() - began).toBeLessThan(3000);
      for (const outcome of outcomes)
        if (typeof outcome !== 'string') expect(['network', 'chain']).toContain(outcome.fault);
      await proxy.heal();
      await until(() => inUse(link) === 0);
      expect(await headOf(link)).toMatchObject({ number: '0x1' });
    },
  );
});

describe('secrets', () => {
  it('of endpoints appear in no error, log or status', async () => {
    const chain = await startChain();
    const port = chain.url.split(':').at(-1) ?? '';
    const urls = [`ws://user:hunter22222@127.0.0.1:1/`, `ws://user:hunter22222@127.0.0.1:${port}/?key=sesame1234`];
    const { link, log } = openLink(urls, { blockTimeMs: 100, callMs: 1500 });
    await headOf(link);
    const shown = [JSON.stringify(link.endpoints)];
    await sleep(700);
    await chain.close();
    const error = await errorOf(headOf(link));
    await sleep(1500);
    const stalled = (() => {
      try {
        link.requireBlocks();
      } catch (thrown) {
        return JSON.stringify(thrown);
      }
      return 'not stalled';
    })();
    expect(stalled).toMatch(/CHAIN_STALLED/);
    shown.push(stalled, JSON.stringify(log), JSON.stringify(error), error.message, String(error.stack));
    expect(shown.join('\n')).not.toMatch(/hunter2|sesame/);
  });
});

describe('the end', () => {
  it.each<[name: string, fault: Fault | undefined]>([
    ['all is well', undefined],
    ['the connection is frozen', { kind: 'freeze', directions: ['up', 'down'] }],
    ['nobody answers the upgrade', { kind: 'silent' }],
    ['it waits to try again', { kind: 'refuse' }],
    ['first calls get no answer', { kind: 'frames', how: 'lose', direction: 'down', share: 1 }],
  ])('ends calls at once with CHAIN_CLOSED and leaves nothing: %s', async (_name, fault) => {
    const { chain, proxy } = await startBehindProxy({ instead: hanging });
    const { link } = openLink([proxy.url], { callMs: 20_000, openMs: 10_000, silenceMs: 10_000, compareMs: 50 });
    await headOf(link);
    if (fault) await proxy.apply(fault);
    if (fault?.kind === 'frames') await proxy.apply({ kind: 'drop' });
    const calls = Array.from({ length: 5 }, () => errorOf(link.call(HANGS, [], never())));
    await sleep(150);
    const began = performance.now();
    link.close();
    link.close();
    for (const call of calls) expect((await call).code).toBe('CHAIN_CLOSED');
    expect((await errorOf(headOf(link))).code).toBe('CHAIN_CLOSED');
    expect(performance.now() - began).toBeLessThan(500);
    await proxy.heal();
    await until(() => proxy.open.clients === 0 && chain.server.connections === 0);
    const { accepted } = proxy;
    await sleep(700);
    expect(proxy.accepted).toBe(accepted);
  });

  it.each(Array.from({ length: 12 }, (_, step) => step * 3))(
    'leaves nothing when it comes %i ms after the first call',
    async (ms) => {
      const { proxy } = await startBehindProxy();
      const { link } = openLink([proxy.url]);
      const call = headOf(link).then(() => 'answered', toAssayError);
      await sleep(ms);
      link.close();
      await call;
      await until(() => proxy.open.clients === 0);
    },
  );
});
